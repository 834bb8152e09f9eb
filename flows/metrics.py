"""Reading the province's standing out of the ledger for Prometheus."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from citysync.config.settings import Settings
from citysync.reports.metrics import Standing, exposition
from citysync.storage import alerting, mailbox, reading, receipt_outbox, watching
from citysync.storage.pages import write_whole
from citysync.storage.schema import open_store
from citysync.storage.translate import on_disk
from flows.night import chosen


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


def write_metrics(settings: Settings, path: Path, now: datetime) -> None:
    """Write the metrics where node_exporter's textfile collector reads them, whole or not at all."""
    text = metrics_of(settings, now)
    with on_disk(path, "写指标文件"):
        write_whole(path, text, path.parent)
        path.chmod(0o644)
