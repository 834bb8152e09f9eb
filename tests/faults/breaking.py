"""Making the Nth of something go wrong in this process: a statement, a file operation, a request, a step.

Seams are counted whether they are broken or not, so that a run tells how many points there are.
"""

from __future__ import annotations

import errno
import io
import os
import signal
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Literal, Self
from unittest import mock

import requests
import sqlalchemy as sa
import urllib3

Seam = Literal["http", "sql", "file", "step"]
Deed = Literal["fail", "kill"]
SEAMS: tuple[Seam, ...] = ("http", "sql", "file", "step")


class Breaker:
    """Counts the points of every seam, and at the Nth of one fails or kills this process."""

    def __init__(self, folder: Path, seam: Seam, number: int, deed: Deed) -> None:
        self.counts: dict[str, int] = dict.fromkeys(SEAMS, 0)
        self._folder, self._seam, self._number, self._deed = str(folder), seam, number, deed

    def point(self, seam: Seam, error: Callable[[], Exception]) -> None:
        """Pass one point of a seam, or do the deed there."""
        self.counts[seam] += 1
        if seam == self._seam and self.counts[seam] == self._number:
            if self._deed == "kill":
                os.kill(os.getpid(), signal.SIGKILL)
            raise error()

    def inside(self, path: object) -> bool:
        """Return whether a path lies in the data folder."""
        return isinstance(path, str | os.PathLike) and str(path).startswith(self._folder)

    def step(self, _text: str) -> None:
        """Pass a step of the line."""
        self.point("step", lambda: RuntimeError("步骤失败"))

    def statement(self, *_arguments: Any) -> None:
        """Pass a statement of the ledger."""
        self.point("sql", _locked)


def _locked() -> Exception:
    return sa.exc.OperationalError("SQL", None, sqlite3.OperationalError("disk I/O error"))


def _full() -> OSError:
    return OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@contextmanager
def broken(breaker: Breaker) -> Iterator[None]:
    """Route every seam of this process through a breaker."""
    with ExitStack() as stack:
        for event in ("before_cursor_execute", "commit"):
            sa.event.listen(sa.Engine, event, breaker.statement)
            stack.callback(sa.event.remove, sa.Engine, event, breaker.statement)
        for patch in (*_files(breaker), *_requests(breaker)):
            stack.enter_context(patch)
        yield


def _requests(breaker: Breaker) -> Iterator[Any]:
    """Break what is pulled (urllib3 itself) and what is sent (requests)."""
    broken: tuple[tuple[type, str, Callable[[], Exception]], ...] = (
        (urllib3.PoolManager, "urlopen", lambda: urllib3.exceptions.ProtocolError("连接中断")),
        (requests.Session, "request", lambda: requests.ConnectionError("连接中断")),
    )
    for kind, name, error in broken:
        yield mock.patch.object(kind, name, _asking(breaker, getattr(kind, name), error))


def _asking(breaker: Breaker, real: Callable[..., Any], error: Callable[[], Exception]) -> Callable[..., Any]:
    def ask(*arguments: Any, **more: Any) -> Any:
        breaker.point("http", error)
        return real(*arguments, **more)

    return ask


def _files(breaker: Breaker) -> Iterator[Any]:
    for module, name in ((os, "fsync"), (os, "replace"), (os, "mkdir"), (os, "unlink"), (io, "open")):
        real = getattr(module, name)
        always = name == "fsync"
        yield mock.patch.object(module, name, _guarded(breaker, real, always=always))
    make = tempfile.mkstemp
    yield mock.patch.object(tempfile, "mkstemp", _guarded(breaker, make, always=True))
    opened = os.fdopen
    yield mock.patch.object(os, "fdopen", lambda *arguments, **more: _Writes(opened(*arguments, **more), breaker))


def _guarded(breaker: Breaker, real: Callable[..., Any], *, always: bool) -> Callable[..., Any]:
    def call(*arguments: Any, **more: Any) -> Any:
        if always or (arguments and breaker.inside(arguments[0])):
            breaker.point("file", _full)
        return real(*arguments, **more)

    return call


class _Writes:
    """A file whose writing is a point: half of the bytes are written when it breaks there."""

    def __init__(self, file: Any, breaker: Breaker) -> None:
        self._file, self._breaker = file, breaker

    def write(self, data: bytes) -> int:
        half = data[: len(data) // 2]
        self._file.write(half)
        self._file.flush()
        self._breaker.point("file", _full)
        return len(half) + int(self._file.write(data[len(half) :]))

    def __enter__(self) -> Self:
        self._file.__enter__()
        return self

    def __exit__(self, *arguments: object) -> None:
        self._file.__exit__(*arguments)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)
