"""What is done on a connection instead of a proper answer: bytes as they are, drips, silence, resets.

A ``Script`` is played on the socket itself, below HTTP: that is where lengths lie and bodies end in the middle.
"""

from __future__ import annotations

import os
import select
import socket
import struct
import threading
import time
from dataclasses import dataclass

LONGEST_SECONDS = 600.0  # no script outlives this, whoever forgets to hang up
_TICK = 0.2
_LINGER_NOT = struct.pack("ii", 1, 0)


@dataclass(frozen=True, slots=True)
class Drip:
    """Bytes sent one at a time, ``every`` so many seconds."""

    data: bytes
    every: float


@dataclass(frozen=True, slots=True)
class Flood:
    """The same chunk again and again, ``times`` at most."""

    chunk: bytes
    times: int


@dataclass(frozen=True, slots=True)
class Stall:
    """Silence until the other side hangs up."""


@dataclass(frozen=True, slots=True)
class Reset:
    """The connection torn down with RST instead of closed."""


Step = bytes | Drip | Flood | Stall | Reset


@dataclass(frozen=True, slots=True)
class Script:
    """Steps in order; then the connection is closed."""

    steps: tuple[Step, ...]


def script(*steps: Step) -> Script:
    """Return the steps as a script."""
    return Script(steps)


def head(
    length: int | None = None,
    *more: tuple[str, str],
    status: str = "200 OK",
    kind: str = "application/json; charset=utf-8",
    version: str = "HTTP/1.1",
) -> bytes:
    """Return the bytes of a response's head; no ``Content-Length`` where ``length`` is None."""
    told = [("Content-Type", kind), *more]
    if length is not None:
        told.append(("Content-Length", str(length)))
    lines = [f"{version} {status}", *(f"{name}: {value}" for name, value in told), "", ""]
    return "\r\n".join(lines).encode("latin-1", "replace")


def play(connection: socket.socket, played: Script, stopped: threading.Event) -> None:
    """Play a script on a connection; ends early when the other side hangs up or ``stopped`` is set."""
    until = time.monotonic() + LONGEST_SECONDS
    for step in played.steps:
        match step:
            case bytes():
                connection.sendall(step)
            case Drip(data, every):
                _drip(connection, data, every, until, stopped)
            case Flood(chunk, times):
                for _ in range(times):
                    connection.sendall(chunk)
            case Stall():
                _silent(connection, until, stopped)
            case Reset():
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_NOT)
                os.close(connection.detach())  # at once: a shutdown before it would send an orderly end first
                return


def _drip(connection: socket.socket, data: bytes, every: float, until: float, stopped: threading.Event) -> None:
    for place in range(len(data)):
        connection.sendall(data[place : place + 1])
        if _silent(connection, min(until, time.monotonic() + every), stopped):
            return


def _silent(connection: socket.socket, until: float, stopped: threading.Event) -> bool:
    """Wait until a moment; return at once, and True, when the other side hung up or nobody wants to wait."""
    while (left := until - time.monotonic()) > 0:
        if stopped.is_set():
            return True
        readable, _, _ = select.select([connection], [], [], min(_TICK, left))
        if readable:
            return True
    return False
