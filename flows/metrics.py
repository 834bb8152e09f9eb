"""Reading the province's standing out of the ledger for Prometheus."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from citysync.config.settings import Settings
from citysync.domain.errors import CitySyncError, ConfigError
from citysync.reports.metrics import Standing, exposition
from citysync.storage import alerting, mailbox, reading, receipt_outbox, watching
from citysync.storage.pages import write_whole
from citysync.storage.schema import open_store
from citysync.storage.translate import on_disk
from flows.night import chosen

_LOG = logging.getLogger("citysync.metrics")


def metrics_of(settings: Settings, now: datetime) -> bytes:
    """Return the metrics as text. Raises ConfigError and StorageError: no metrics are better than stale ones."""
    cities = chosen(settings, ())
    with open_store(settings.database, write=False) as store:
        last = watching.last_nightly(store)
        standing = Standing(
            cities=reading.latest_verdicts(store, tuple(cities)),
            asked=len(cities),
            finished_at=None if last is None else last[1],
            run_seconds=None if last is None else (last[1] - last[0]).total_seconds(),
            open_alerts=len(alerting.open_alerts(store)),
            mail_since=mailbox.waiting_since(store),
            receipts_undelivered=len(receipt_outbox.undelivered(store)),
        )
    return exposition(standing, now)


def metrics_server(settings: Settings, host: str, port: int, now: Callable[[], datetime]) -> ThreadingHTTPServer:
    """Return a server of ``/metrics`` that reads the ledger at every scrape; start and stop it. Raises ConfigError.

    A ledger that cannot be read is a scrape that fails (503): Prometheus then sees that nobody can see.
    """

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path.partition("?")[0] != "/metrics":
                self._answer(404, b"/metrics\n")
                return
            try:
                self._answer(200, metrics_of(settings, now()))
            except CitySyncError as error:
                _LOG.warning("指标无法读取：%s", error)
                self._answer(503, b"the ledger cannot be read; see the log\n")

        def _answer(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's own signature
            _LOG.debug(format, *args)

    try:
        return ThreadingHTTPServer((host, port), Handler)
    except OSError as error:
        raise ConfigError(f"无法监听 {host}:{port}：{error.strerror}；请换一个地址或端口") from error


def write_metrics(settings: Settings, path: Path, now: datetime) -> None:
    """Write the metrics where node_exporter's textfile collector reads them, whole or not at all."""
    text = metrics_of(settings, now)
    with on_disk(path, "写指标文件"):
        write_whole(path, text, path.parent)
        path.chmod(0o644)
