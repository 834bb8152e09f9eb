"""Rows of many small pages, put into frames a few thousand at a time: a column costs as much to begin as to fill."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from connectors._mapping import Plan, framed
from connectors._records import Record

_TOGETHER = 2_000  # rows that wait as records, at some 2 KB each


class Gathered:
    """Pages in the order they came; ``frames`` holds the same rows as one frame a page would, stacked.

    Only pages whose records have the same fields are put together: which fields there are decides where a column is
    looked for.
    """

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._frames: list[pl.DataFrame] = []
        self._fields: set[str] = set()
        self._records: list[Record] = []
        self._numbers: list[int] = []

    def add(self, number: int, records: Sequence[Record]) -> None:
        """Count in a page's records."""
        fields = set().union(*records)
        if fields != self._fields or len(self._records) + len(records) > _TOGETHER:
            self._settle()
            self._fields = fields
        self._records += records
        self._numbers += [number] * len(records)

    def frames(self) -> list[pl.DataFrame]:
        """Return the rows so far: ``page_no``, then each canonical column some record has, as ``to_frame`` does."""
        self._settle()
        return self._frames

    def _settle(self) -> None:
        if self._records:
            self._frames.append(framed(self._records, self._plan, self._numbers))
        self._records, self._numbers = [], []
