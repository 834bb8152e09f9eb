"""A server that sends exactly the bytes a test says, header and all, and then hangs up, resets or drips."""

from __future__ import annotations

import contextlib
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

Talk = Callable[[socket.socket, str, int], None]  # connection, request target, how many requests came before


@dataclass
class Raw:
    """The running server. ``heads``: the head of every request; ``connections``: how many were taken."""

    url: str
    heads: list[str] = field(default_factory=list)
    connections: int = 0


@contextmanager
def raw(talk: Talk, tls: ssl.SSLContext | None = None) -> Iterator[Raw]:
    """Run the server on a free port of 127.0.0.1; one request a connection, one connection at a time."""
    listener = socket.create_server(("127.0.0.1", 0))
    running = Raw(f"{'https' if tls else 'http'}://127.0.0.1:{listener.getsockname()[1]}")
    thread = threading.Thread(target=_serve, args=(listener, running, talk, tls), daemon=True)
    thread.start()
    try:
        yield running
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(10)
        assert not thread.is_alive(), "the server still speaks: its talk has no end"


def says(status: str, body: bytes = b"", *headers: str) -> bytes:
    """Return a whole answer that ends with the connection."""
    lines = [f"HTTP/1.1 {status}", *headers, "Connection: close", "", ""]
    return "\r\n".join(lines).encode() + body


def reset(connection: socket.socket) -> None:
    """Make the close of a connection a reset."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def _serve(listener: socket.socket, running: Raw, talk: Talk, tls: ssl.SSLContext | None) -> None:
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        running.connections += 1
        with contextlib.suppress(OSError), connection:
            connection.settimeout(10)
            with tls.wrap_socket(connection, server_side=True) if tls else connection as speaking:
                _answer(speaking, running, talk)


def _answer(connection: socket.socket, running: Raw, talk: Talk) -> None:
    head = b""
    while b"\r\n\r\n" not in head:
        more = connection.recv(65_536)
        if not more:
            return
        head += more
    running.heads.append(head.decode("latin-1"))
    talk(connection, head.split(b" ")[1].decode("latin-1"), len(running.heads) - 1)
