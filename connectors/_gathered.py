"""Rows of many small pages, put into frames a few thousand at a time: a column costs as much to begin as to fill."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from connectors._columns import Columns
from connectors._mapping import Plan, framed, placed
from connectors._records import Record

_TOGETHER = 2_000  # rows that wait as records, at some 2 KB each
_IN_COLUMNS = 10_000


class Gathered:
    """Pages in the order they came; ``frames`` holds the same rows as one frame a page would, stacked.

    Only pages whose records have the same fields are put together: which fields there are decides where a column is
    looked for.
    """

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._frames: list[pl.DataFrame] = []
        self._fields: object = None
        self._records: list[Record] = []
        self._columns: list[pl.DataFrame] = []
        self._numbers: list[int] = []

    def add(self, number: int, records: Sequence[Record]) -> None:
        """Count in a page's records."""
        columns = records.frame if isinstance(records, Columns) else None
        fields = set().union(*records) if columns is None else columns.columns
        most = _TOGETHER if columns is None else _IN_COLUMNS
        if fields != self._fields or len(self._numbers) + len(records) > most:
            self._settle()
            self._fields = fields
        if columns is None:
            self._records += records
        else:
            self._columns.append(columns)
        self._numbers += [number] * len(records)

    def frames(self) -> list[pl.DataFrame]:
        """Return the rows so far: ``page_no``, then each canonical column some record has, as ``to_frame`` does."""
        self._settle()
        return self._frames

    def _settle(self) -> None:
        if self._records:
            self._frames.append(framed(self._records, self._plan, self._numbers))
        if self._columns:
            self._frames.append(placed(pl.concat(self._columns, rechunk=True), self._plan, self._numbers))
        self._records, self._columns, self._numbers = [], [], []
