"""Rows of which validation had nothing to say: what may be taken as it was while the rules are the same."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

import polars as pl

from citysync.domain.row_hashes import HASHES, KEY, ROW
from citysync.domain.settled import Settled

CLEAN: dict[str, pl.DataType] = {KEY: HASHES[KEY], ROW: HASHES[ROW]}


@dataclass(frozen=True)
class Clean:
    """The rows of one city that were accepted without a word: none rejected, noted, merged or sharing its key.

    ``rules``: the digest of everything validation read but the rows; ``checked_on``: the business date on which all
    rows were last validated; ``settled``: those of them about which the comparison had nothing to say either, None
    where nothing was compared; ``rows``: frame CLEAN, all the others.
    """

    rules: str
    checked_on: date
    rows: pl.DataFrame = field(repr=False)
    settled: Settled | None = field(default=None, repr=False)

    @property
    def every(self) -> pl.DataFrame:
        """Return the frame CLEAN of all of them, settled or not."""
        return self.rows if self.settled is None else pl.concat([self.settled.rows.select(list(CLEAN)), self.rows])

    def is_as(self, other: Clean | None) -> bool:
        """Return whether another one says the same, row by row."""
        if other is None or (self.rules, self.checked_on) != (other.rules, other.checked_on):
            return False
        if self.settled is None or other.settled is None:
            return self.settled is other.settled and self.rows.equals(other.rows)
        same = self.settled.basis == other.settled.basis and self.settled.kinds.equals(other.settled.kinds)
        return same and self.settled.rows.equals(other.settled.rows) and self.rows.equals(other.rows)
