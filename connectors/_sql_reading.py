"""Tables of a front-end database, read in one transaction: all their rows, or the operations of some codes."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

import polars as pl

from citysync.domain.city import SourceBase
from citysync.domain.errors import Unreadable
from citysync.domain.items import COLUMNS, Kind
from citysync.domain.snapshot import RawPage
from connectors._door import Door
from connectors._fold import folded
from connectors._mapping import Plan, to_frame, told_names
from connectors._only import Narrowing
from connectors._sql import Reader, source_url
from connectors._told import Table, Told


@dataclass
class Reading:
    """One reading in one transaction. ``begun``: the database had answered before it broke off.

    ``meanings``: the city's words for i, u and d; ``only``: which rows alone are read; ``rows``: how many were.
    """

    source: SourceBase
    url: str
    names: tuple[str, ...]
    meanings: Mapping[str, str]
    plan: Plan
    door: Door
    only: Narrowing | None = None
    begun: bool = False
    counted: int = 0
    rows: int = 0
    tables: list[Table] = field(default_factory=list)
    pages: list[RawPage] = field(default_factory=list)
    unknown: set[str] = field(default_factory=set)

    @contextmanager
    def open(self) -> Iterator[Told]:
        """Yield the open database, its tables described and counted."""
        secret = self.door.secret(self.source.auth.secret) if self.source.auth.secret else None
        url = source_url(self.url, self.source.auth.user, secret)
        with Told(Reader(url, self.source, secret, self.door.monotonic), self.door, self.only) as told:
            self.begun = True
            self.tables, self.counted = told.tables(self.names)
            for table in self.tables:
                _refuse_numeric_codes(table, self.plan)
                unmapped = set(table.columns) - set(self.plan.paths.values()) - self.plan.ignored
                self.unknown |= told_names(unmapped, self.plan)
            yield told

    def operations(self, told: Told, only: Narrowing | None = None) -> list[tuple[pl.DataFrame, pl.DataFrame]]:
        """Return each table's rows (of those asked for) as they were written, and its items in force."""
        found = []
        for table in self.tables:
            rows = self._of(told, table, only)
            self.rows += rows.height
            found.append((rows, folded(rows, self.meanings, table.name)))
        return found

    def _of(self, told: Told, table: Table, only: Narrowing | None) -> pl.DataFrame:
        wanted = [column for column in table.columns if column in set(self.plan.paths.values())]
        if not wanted:
            raise Unreadable(f"表 {table.name} 没有任何认得的列；请核对 [fields]", place=table.name)
        frames = [to_frame([], self.plan, 0)]
        taken = 0
        for lines in told.batches(table.name, wanted, only):
            number = self.number
            self.pages.append(self.door.keep(lines, number, f"{told.shown}#{table.name}"))
            records = [json.loads(line) for line in lines.decode().split("\n")]
            frames.append(to_frame(records, self.plan, number))
            taken += len(records)
            self.door.progress(f"{table.name} · {taken:,} 行")
        return pl.concat(frames, how="diagonal")

    @property
    def number(self) -> int:
        """Return the number of the next page that is kept."""
        return len(self.pages) + 1


def _refuse_numeric_codes(table: Table, plan: Plan) -> None:
    """Raise for a code kept as a number: it has lost its zeros, perhaps its last digits, before we ever see it."""
    for name, path in plan.paths.items():
        kind = COLUMNS[name].kind if name in COLUMNS else Kind.TEXT
        if path in table.numeric and kind is Kind.CODE:
            column = f"表 {table.name} 的编码列 {path}（{COLUMNS[name].label}）"
            place = f"{table.name}.{path}"
            raise Unreadable(f"{column}是数值类型 {table.numeric[path]}；请改为文本类型", place=place)
