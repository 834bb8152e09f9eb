"""A folder behind the tape: what lies there and what a file holds are heard once, and remembered."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from datetime import datetime
from types import TracebackType
from typing import Any, Self

from connectors._folder import Entry, Folder, Vanished
from connectors._meter import Meter
from connectors._tape import Heard, Tape


class TapedFolder:
    """A folder as a tape tells it; ``open_`` leads to the real one, which a replay never opens."""

    def __init__(self, open_: Callable[[], AbstractContextManager[Folder]], tape: Tape, meter: Meter) -> None:
        self._open, self._tape, self._meter = open_, tape, meter
        self._stack = ExitStack()
        self.shown = ""

    def __enter__(self) -> Self:
        def ask() -> Heard:
            self._meter.asked()
            self._folder = self._stack.enter_context(self._open())
            return Heard(facts={"shown": self._folder.shown})

        self.shown = str(self._tape.hear("open folder", ask).facts["shown"])
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.__exit__(kind, error, trace)

    def entries(self, pattern: str) -> list[Entry]:
        """Return the files a path or pattern names."""
        return [
            _entry(fact) for fact in self._facts(f"list {pattern}", lambda: map(_fact, self._folder.entries(pattern)))
        ]

    def entry(self, path: str) -> Entry | None:
        """Return the file at a path as it is now, None if there is none."""
        found = self._facts(f"look {path}", lambda: map(_fact, filter(None, [self._folder.entry(path)])))
        return _entry(found[0]) if found else None

    def read(self, path: str) -> bytes:
        """Return a file's bytes; ``Vanished`` if it is gone."""

        def ask() -> Heard:
            self._meter.asked()
            try:
                data = self._folder.read(path)
            except Vanished as error:
                return Heard(facts={"vanished": str(error)})
            self._meter.arrived(len(data))
            self._meter.read(len(data))
            return Heard(data)

        heard = self._tape.hear(f"read {path}", ask)
        if "vanished" in heard.facts:
            raise Vanished(heard.facts["vanished"])
        return heard.data

    def _facts(self, question: str, found: Callable[[], Any]) -> list[list[Any]]:
        facts = self._tape.hear(question, lambda: Heard(facts={"found": list(found())})).facts
        return list(facts["found"])


def _fact(entry: Entry) -> list[Any]:
    return [entry.path, entry.size, entry.changed.isoformat()]


def _entry(fact: list[Any]) -> Entry:
    path, size, changed = fact
    return Entry(str(path), int(size), datetime.fromisoformat(changed))
