"""A small crew of child processes, one city at a time in each: a city that hangs, bombs or crashes hurts no other.

A child is this Python with the line already imported. It gets one ``Job`` over a private socket, says where it
stands, and answers with the verdict it published. A child that outlives its budget is killed, and replaced.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from queue import LifoQueue

from citysync.domain.city import City
from citysync.domain.errors import Throttled
from citysync.domain.run import Run
from citysync.domain.verdict import Verdict

MARGIN_SECONDS = 120  # beyond the pull's own budget: validating, reconciling and publishing what came
MEMORY_BYTES = 4 * 1024**3  # address space of one child: 200,000 items need about 1.5 GiB


@dataclass(frozen=True)
class Job:
    """All a child needs to walk one city along the line; travels over the socket, never over a log or a table.

    ``may_defer``: a city that asks us to wait is not published yet: it is asked once more at the end of the run.
    """

    city: City
    run: Run
    data_dir: Path
    database_url: str = field(repr=False)
    secrets: dict[str, str] = field(repr=False)
    publish: bool = True
    may_defer: bool = False
    recheck: bool = False
    memory_bytes: int = MEMORY_BYTES


def asks_to_wait(verdict: Verdict) -> bool:
    """Return whether the city promised an answer for later."""
    return any(reason.code == Throttled.reason for reason in verdict.reasons)


@dataclass(frozen=True)
class Lost:
    """A child that did not answer: ``code`` is stable, ``text`` says what happened to it."""

    code: str
    text: str


class Child:
    """One child process and our end of its socket."""

    def __init__(self) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
                [sys.executable, "-m", "flows.child", str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                process_group=0,  # Ctrl-C reaches the parent alone, which then decides
            )
        self._socket = Connection(ours.detach())

    def ask(self, job: Job, step: Callable[[str], None], deadline: float) -> Verdict | Exception | Lost:
        """Return the child's verdict, the exception our own code raised in it, or how it was lost."""
        try:
            self._socket.send(job)
            while self._socket.poll(max(0.0, deadline - time.monotonic())):
                answer = self._socket.recv()
                if not isinstance(answer, str):
                    return answer if isinstance(answer, Verdict | Exception) else Lost("crashed", repr(answer))
                step(answer)
        except (EOFError, OSError):
            return Lost("crashed", f"处理进程意外结束（{_ending(self.stop())}）")
        self.stop()
        return Lost("hung", "处理超出时间预算，已终止处理进程")

    def stop(self) -> int:
        """End the process, at once if need be, and return its exit status."""
        self._socket.close()
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        return self._process.wait()


class Crew:
    """A fixed number of children; ``ask`` borrows one. Children start at once, so that their imports overlap ours."""

    def __init__(self, size: int) -> None:
        self._idle: LifoQueue[Child] = LifoQueue()
        self._all: set[Child] = set()
        self._lock = threading.Lock()
        for _ in range(size):
            self._idle.put(self._hire())

    def ask(self, job: Job, step: Callable[[str], None]) -> Verdict | Exception | Lost:
        """Let a free child walk one city along the line, within the city's own budget and a margin."""
        child = self._idle.get()
        budget = job.city.source.budget_seconds + MARGIN_SECONDS
        answer: Verdict | Exception | Lost = Lost("crashed", "处理进程未能启动")
        try:
            answer = child.ask(job, step, time.monotonic() + budget)
        finally:
            if isinstance(answer, Lost):
                self._dismiss(child)
                child = self._hire()
            self._idle.put(child)
        return answer

    def close(self) -> None:
        """End all children."""
        with self._lock:
            crew, self._all = self._all, set()
        for child in crew:
            child.stop()

    def _hire(self) -> Child:
        child = Child()
        with self._lock:
            self._all.add(child)
        return child

    def _dismiss(self, child: Child) -> None:
        with self._lock:
            self._all.discard(child)


@contextlib.contextmanager
def crew_of(size: int) -> Iterator[Crew]:
    """Yield a crew that is gone afterwards, whatever happens."""
    crew = Crew(size)
    try:
        yield crew
    finally:
        crew.close()


def _ending(status: int) -> str:
    return f"信号 {-status}" if status < 0 else f"退出码 {status}"
