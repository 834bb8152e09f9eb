"""A small crew of child processes, one city at a time in each: a city that hangs, bombs or crashes hurts no other.

A child is forked from a process that has the line imported (``flows.nursery``). It gets one ``Job`` over a private
socket, says where it stands, and answers with the verdict it published. A child that outlives its budget is killed, and
replaced.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from queue import Empty, LifoQueue
from typing import Protocol

from citysync.domain.city import City
from citysync.domain.errors import ConfigError, Throttled
from citysync.domain.run import Run
from citysync.domain.verdict import Verdict
from flows.nursery import Nursery
from flows.phases import city_told
from flows.traces import Place

MARGIN_SECONDS = 120  # beyond the pull's own budget: validating, reconciling and publishing what came
PATIENCE_SECONDS = 3.0  # for a child that was asked to stop
GREETING = "在"  # a child's first word, by which it is known to be at work
GREETING_SECONDS = 30.0  # from being forked to the first word
_TRIES = 3  # forks, where a child does not greet
_LOOK_SECONDS = 0.5
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

    @property
    def place(self) -> Place:
        """Return which walk of which city this is, for logs and traces: the second is the one after a deferral."""
        return Place(self.run.run_id, self.city.code, 1 if self.may_defer else 2)


def asks_to_wait(verdict: Verdict) -> bool:
    """Return whether the city promised an answer for later."""
    return any(reason.code == Throttled.reason for reason in verdict.reasons)


@dataclass(frozen=True)
class Lost:
    """A child that did not answer: ``code`` is stable, ``text`` says what happened to it."""

    code: str
    text: str


def as_lost(answer: Exception | Lost) -> Lost:
    """Return what went wrong on our side with its stable code: a city's unusable secret stops no other city."""
    if isinstance(answer, Lost):
        return answer
    return Lost(ConfigError.reason if isinstance(answer, ConfigError) else "crashed", str(answer))


class Hands(Protocol):
    """Whoever walks cities for a run: children of this process, or workers of a pool on any number of machines."""

    def ask(self, job: Job, step: Callable[[str], None]) -> Verdict | Exception | Lost:
        """Have one city walked along the line; ``step`` is told where it stands."""
        ...

    def close(self) -> None:
        """End the walks under way and give out no further one."""
        ...


class Child:
    """One child process and our end of its socket; raises OSError where none can be had.

    A fork copies a lock that another thread holds, and nobody opens the copy. Such a child would hang at its first
    use of it, and a city would wait its whole budget: a child that does not greet is ended instead.
    """

    def __init__(self, nursery: Nursery) -> None:
        ours, theirs = socket.socketpair()
        with ours, theirs:
            self.pid = nursery.fork(theirs)
            self._socket = Connection(ours.detach())
        self._nursery = nursery
        self._ending = threading.Lock()
        self._ended = False
        self._status: int | None = None
        self._overdue = False
        if not self._greeted():
            self.stop()
            raise OSError

    @property
    def alive(self) -> bool:
        """Return whether the process can still be asked."""
        return not self._ended and not self._hung_up(0.0)

    def ask(self, job: Job, step: Callable[[str], None], seconds: float) -> Verdict | Exception | Lost:
        """Return the child's verdict, the exception our own code raised in it, or how it was lost.

        The watchdog kills the process, which ends every wait of ours: for an answer, for the rest of one, or for a
        child that has stopped reading.
        """
        watchdog = threading.Timer(seconds, self._overrun)
        watchdog.daemon = True
        watchdog.start()
        try:
            self._socket.send(job)
            while isinstance(answer := self._socket.recv(), str):
                step(answer)
        except (EOFError, OSError):
            status = self.stop()
            if self._overdue:
                return Lost("hung", f"处理超出时间预算（{seconds:.0f} 秒），已终止处理进程")
            return Lost("crashed", f"处理进程意外结束（{_ending(status, job.memory_bytes)}）")
        finally:
            watchdog.cancel()
        return answer if isinstance(answer, Verdict | Exception) else Lost("crashed", repr(answer))

    def terminate(self) -> None:
        """Ask the process to leave nothing half done and end."""
        self._signal(signal.SIGTERM)

    def stop(self, patience: float = 0.0) -> int | None:
        """End the process, after so many seconds by force, and return its exit status, None where nobody knows it."""
        self._hung_up(patience)
        self._signal(signal.SIGKILL)  # changes nothing of how a process ended that hung up by itself
        with self._ending:
            if not self._ended:
                self._status, self._ended = self._nursery.status(self.pid), True
        return self._status

    def _greeted(self) -> bool:
        try:
            return self._socket.poll(GREETING_SECONDS) and self._socket.recv() == GREETING
        except (EOFError, OSError):
            return False

    def _hung_up(self, seconds: float) -> bool:
        """Return whether the process has closed its end, which it does by ending, within so many seconds."""
        poll = select.poll()
        poll.register(self._socket.fileno(), select.POLLRDHUP)
        return bool(poll.poll(seconds * 1000))

    def _overrun(self) -> None:
        self._overdue = True
        self._signal(signal.SIGKILL)

    def _signal(self, number: int) -> None:
        with contextlib.suppress(ProcessLookupError):
            if not self._ended:  # the id may be another's now
                os.killpg(self.pid, number)


class Crew:
    """So many children at most; ``ask`` borrows one. What they are forked from starts at once, beside our imports."""

    def __init__(self, size: int) -> None:
        self._nursery = Nursery()
        self._idle: LifoQueue[Child | None] = LifoQueue()  # None: a place for one that is not there yet
        self._all: set[Child] = set()
        self._lock = threading.Lock()
        self._closed = False
        for _ in range(size):
            self._idle.put(None)

    def ask(self, job: Job, step: Callable[[str], None]) -> Verdict | Exception | Lost:
        """Let a free child walk one city along the line, within the city's own budget and a margin."""
        child = self._borrow()
        answer: Verdict | Exception | Lost = Lost("crashed", "处理进程未能启动")
        try:
            if child is None:
                return answer
            with city_told(job.place) as count:
                answer = child.ask(job, step, job.city.source.budget_seconds + MARGIN_SECONDS)
                count(**_outcome(answer))
        finally:
            self._idle.put(child)
        return answer

    def close(self) -> None:
        """End all children: those at work are asked first, and have a moment to clear up."""
        with self._lock:
            self._closed = True
            crew, self._all = self._all, set()
        while not self._idle.empty():
            if (idle := self._idle.get_nowait()) is not None:
                idle.stop()
        for child in crew:
            child.terminate()
        deadline = time.monotonic() + PATIENCE_SECONDS
        for child in crew:
            child.stop(max(0.0, deadline - time.monotonic()))
        self._nursery.close(PATIENCE_SECONDS)

    def _borrow(self) -> Child | None:
        """Return a living child, in the place of one that died; None where none could be had or the crew is closed."""
        while not self._closed:
            with contextlib.suppress(Empty):
                child = self._idle.get(timeout=_LOOK_SECONDS)
                return child if child is not None and child.alive else self._hire(child)
        return None

    def _hire(self, dead: Child | None) -> Child | None:
        with self._lock:
            self._all.discard(dead)
        child = self._forked()
        if child is None:
            return None
        with self._lock:
            self._all.add(child)
            closed = self._closed
        if closed:
            child.stop()
        return child

    def _forked(self) -> Child | None:
        for _ in range(_TRIES):
            with self._lock:
                if self._closed:
                    return None
                if not self._nursery.alive:
                    self._nursery.close(0.0)
                    self._nursery = Nursery()
            with contextlib.suppress(OSError):
                return Child(self._nursery)
        return None


@contextlib.contextmanager
def crew_of(size: int) -> Iterator[Crew]:
    """Yield a crew that is gone afterwards, whatever happens."""
    crew = Crew(size)
    try:
        yield crew
    finally:
        crew.close()


def _outcome(answer: Verdict | Exception | Lost) -> dict[str, int | str]:
    """Return an answer in numbers and stable words: never a text, which may quote what a city sent."""
    if isinstance(answer, Verdict):
        return {"state": answer.state.value, **answer.counts.as_dict()}
    return {"failed": answer.code if isinstance(answer, Lost) else type(answer).__name__}


def _ending(status: int | None, memory_bytes: int) -> str:
    if status is None:
        return "如何结束不得而知"
    if status == -signal.SIGABRT:  # what the frame library does when it gets no memory
        return f"信号 {-status}，多为内存超出上限 {memory_bytes // 1024**2} MiB"
    if status == -signal.SIGKILL:
        return f"信号 {-status}，被系统（多为整机内存不足）或被人终止"
    return f"信号 {-status}" if status < 0 else f"退出码 {status}"
