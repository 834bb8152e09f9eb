"""A city's web server on loopback that answers, or misbehaves, as a test says."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit


@dataclass(frozen=True)
class Asked:
    """One request as it arrived; ``count`` counts from 1."""

    count: int
    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def form(self) -> dict[str, str]:
        return {name: values[0] for name, values in parse_qs(self.body.decode()).items()}


@dataclass(frozen=True)
class Sent:
    """What the server sends back; ``length`` None leaves Content-Length out and closes the connection."""

    body: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    length: int | None = -1


def sends(document: object, **headers: str) -> Sent:
    """Return a JSON answer."""
    return Sent(json.dumps(document, ensure_ascii=False).encode(), headers=headers)


def numbered(items: Sequence[Mapping[str, object]], size: int = 2, total: int | None = None) -> Callable[[Asked], Sent]:
    """Return a server of numbered pages; ``total`` overrides the declared total."""

    def answer(asked: Asked) -> Sent:
        page = int(asked.query["page"])
        rows = items[(page - 1) * size : page * size]
        return sends({"code": 200, "data": {"list": rows, "total": len(items) if total is None else total}})

    return answer


class Site:
    """The running server. ``url``: its address; ``asked``: every request so far."""

    def __init__(self, url: str, answer: Callable[[Asked], Sent]) -> None:
        self.url, self.answer = url, answer
        self.asked: list[Asked] = []


@contextmanager
def site(answer: Callable[[Asked], Sent]) -> Iterator[Site]:
    """Run a server on a free port of 127.0.0.1."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = False
    running = Site(f"http://127.0.0.1:{server.server_port}", answer)
    server.site = running  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield running
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = 20

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 — the base class's name
        """Say nothing."""

    def do_GET(self) -> None:
        running: Site = self.server.site  # type: ignore[attr-defined]
        parts = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        asked = Asked(len(running.asked) + 1, self.command, parts.path, query, headers, body)
        running.asked.append(asked)
        self._send(running.answer(asked))

    do_POST = do_GET  # noqa: N815 — the base class's name

    def _send(self, sent: Sent) -> None:
        self.send_response_only(sent.status)  # no Date of its own: a test says what time it is in the city
        for name, value in sent.headers.items():
            self.send_header(name, value)
        if sent.length is not None:
            length = len(sent.body) if sent.length == -1 else sent.length
            self.send_header("Content-Length", str(length))
        if sent.length != -1:
            self.send_header("Connection", "close")
            self.close_connection = True
        self.end_headers()
        self.wfile.write(sent.body)
