"""The kit on a socket: the standard library's server, bounded in time, size and callers at once."""

from __future__ import annotations

import sys
import threading
import zlib
from collections.abc import Callable, Iterable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

from citysync.kit.answers import BODY_CAP, JSON, Reply

Answer = Callable[[str, str, str, bytes], Reply]  # method, target, Authorization, body
SECONDS = 30.0
MOST_CALLERS = 16
_LENGTH_DIGITS = 12
_PIECE = 65_536
_FAST = 1  # compression level: a city's server is weak, and the fast one already saves three quarters
_THOROUGH = 6  # of what is short: a digest tree is a tenth smaller
_TOO_LARGE = Reply(413, "application/json", [b'{"error":"too_large","text":"request body"}'])


class KitServer(ThreadingHTTPServer):
    """Serves one city's directory; a caller beyond the sixteenth waits for its turn."""

    daemon_threads = True

    def __init__(self, address: tuple[str, int], answer: Answer) -> None:
        self.answer = answer
        self.turn = threading.BoundedSemaphore(MOST_CALLERS)
        super().__init__(address, _Handler)

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of a caller who went away in the middle; anything else is told as the library tells it."""
        if not isinstance(sys.exception(), ConnectionError | TimeoutError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]

    @property
    def url(self) -> str:
        """Return where it listens."""
        host, port = self.server_address[:2]
        return f"http://{host!s}:{port}"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "citysync-kit", ""
    timeout = SECONDS
    server: KitServer
    quiet: ClassVar[bool] = True

    def do_GET(self) -> None:
        """Answer a question."""
        self._serve()

    do_POST = do_PUT = do_DELETE = do_PATCH = do_HEAD = do_OPTIONS = do_GET  # noqa: N815 — the library's names

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 — the library's name
        """Say nothing: an address may hold codes, and a city's console is not a log."""

    def _serve(self) -> None:
        length = self.headers.get("Content-Length", "0")
        readable = length.isascii() and length.isdigit() and len(length) <= _LENGTH_DIGITS and int(length) <= BODY_CAP
        if not readable or "Transfer-Encoding" in self.headers:
            self.close_connection = True
            self._send(_TOO_LARGE)
            return
        body = self.rfile.read(int(length))
        with self.server.turn:
            self._send(self.server.answer(self.command, self.path, self.headers.get("Authorization", ""), body))

    def _send(self, reply: Reply) -> None:
        packed = "gzip" in self.headers.get("Accept-Encoding", "")
        self.send_response(reply.status)
        self.send_header("Content-Type", reply.kind)
        self.send_header("Cache-Control", "no-store")
        self.send_header("X-Content-Type-Options", "nosniff")
        if packed:
            self.send_header("Content-Encoding", "gzip")
        if reply.status == 401:  # noqa: PLR2004
            self.send_header("WWW-Authenticate", "Bearer")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        if self.command == "HEAD":
            return
        level = _THOROUGH if reply.kind == JSON else _FAST
        for piece in _packed(reply.lines, level) if packed else _joined(reply.lines):
            self.wfile.write(b"%x\r\n%b\r\n" % (len(piece), piece))
        self.wfile.write(b"0\r\n\r\n")


def _joined(lines: Iterable[bytes]) -> Iterator[bytes]:
    """Yield lines, each ended, in pieces worth sending."""
    waiting = bytearray()
    for line in lines:
        waiting += line
        waiting += b"\n"
        if len(waiting) >= _PIECE:
            yield bytes(waiting)
            waiting.clear()
    if waiting:
        yield bytes(waiting)


def _packed(lines: Iterable[bytes], level: int) -> Iterator[bytes]:
    stream = zlib.compressobj(level, zlib.DEFLATED, 16 + zlib.MAX_WBITS)
    for piece in _joined(lines):
        if packed := stream.compress(piece):
            yield packed
    yield stream.flush()
