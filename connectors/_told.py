"""A database behind the tape: its tables, how many rows they have, and the rows as lines of JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import sqlalchemy as sa

from connectors._door import Door
from connectors._only import Narrowing
from connectors._records import text
from connectors._sql import Reader
from connectors._sql_groups import Facts, Group, Words, codes_of, groups, in_force
from connectors._tape import Heard

_BATCH = 10_000


@dataclass(frozen=True, slots=True)
class Table:
    """A table as the database describes it: its columns, and the types of those that are numbers."""

    name: str
    columns: tuple[str, ...]
    numeric: Mapping[str, str]


class Told:
    """The reader behind the tape: what the database says is read from the words that are kept, then as now."""

    def __init__(self, reader: Reader, door: Door, only: Narrowing | None = None) -> None:
        self.shown = reader.shown
        self._reader, self._door, self._only = reader, door, only
        self._asked = "" if only is None else f" of {only}"
        self._stack = ExitStack()
        self._tables: dict[str, sa.Table] = {}

    def __enter__(self) -> Self:
        def ask() -> Heard:
            self._door.meter.asked()
            self._stack.enter_context(self._reader)
            return Heard()

        self._door.tape.hear("open database", ask)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.__exit__(kind, error, trace)

    def tables(self, names: Sequence[str]) -> tuple[list[Table], int]:
        """Return the tables of these names, and how many rows (of those asked for) they have together."""

        def ask() -> Heard:
            with self._reader.speaking():
                self._tables = {table.name: table for table in self._reader.tables(names)}
                counted = sum(map(self._count, self._tables.values()))
            return Heard(facts={"tables": [_described(each) for each in self._tables.values()], "counted": counted})

        facts = self._door.tape.hear(f"tables {', '.join(names)}{self._asked}", ask).facts
        return [Table(name, tuple(columns), numeric) for name, columns, numeric in facts["tables"]], facts["counted"]

    def _count(self, table: sa.Table) -> int:
        self._door.meter.asked()
        return self._reader.count(table, self._only)

    def batches(self, name: str, wanted: Sequence[str], only: Narrowing | None = None) -> Iterator[bytes]:
        """Yield a table's rows (of those asked for) as lines of JSON, a batch at a time."""
        rows: Iterator[list[dict[str, Any]]] | None = None
        narrow = only or self._only

        def ask() -> Heard:
            nonlocal rows
            table = self._tables[name]
            with self._reader.speaking():
                if rows is None:
                    self._door.meter.asked()
                    rows = self._reader.batches(table, [table.columns[column] for column in wanted], _BATCH, narrow)
                batch = next(rows, [])
            lines = "\n".join(json.dumps(record, ensure_ascii=False, default=text) for record in batch)
            data = lines.encode("utf-8", "backslashreplace")
            self._door.meter.read(len(data))
            return Heard(data)

        asked = self._asked if only is None else f" of {only}"
        while lines := self._door.tape.hear(f"rows {name}{asked}", ask).data:
            yield lines

    def groups(self, name: str, words: Words) -> dict[Group, Facts]:
        """Return a table's batches by day: how many rows each has, and the latest of their times."""
        found = self._asked_of(name, "groups", lambda table: groups(table, words))
        return {(batch, day): (int(count), last) for batch, day, count, last in found}

    def codes(self, name: str, words: Words, wanted: Sequence[Group]) -> list[str]:
        """Return the codes, as they were written, that the rows of some groups speak of, and "" for rows without."""
        found = self._asked_of(name, "codes", lambda table: codes_of(table, words, wanted))
        return sorted({code or "" for (code,) in found})

    def in_force(self, name: str, words: Words) -> int:
        """Return how many items of a table are in force by the server's own count."""
        asked = self._asked_of(
            name, "in force", lambda table: in_force(table, words, self._reader.written_order(table))
        )
        return int(asked[0][0])

    def _asked_of(self, name: str, what: str, question: Callable[[sa.Table], sa.Select[Any]]) -> list[list[Any]]:
        def ask() -> Heard:
            self._door.meter.asked()
            with self._reader.speaking():
                found = self._reader.rows(question(self._tables[name]))
            return Heard(facts={"found": [list(row) for row in found]})

        facts = self._door.tape.hear(f"{what} {name}", ask).facts
        return list(facts["found"])


def _described(table: sa.Table) -> list[object]:
    columns = [str(column.name) for column in table.columns]
    numeric = {str(c.name): str(c.type) for c in table.columns if isinstance(c.type, sa.Numeric | sa.Integer)}
    return [table.name, columns, numeric]
