"""What the ledger remembers of a city when a run comes to it. Facts, read once, before anything is pulled.

The line decides with these and nothing else of the past, so that a replay which remembers the same says the same.
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import date

import polars as pl


@dataclass(frozen=True)
class Memory:
    """The past of one city, as of one run.

    ``good_counts``: rows of its last good (adopted) snapshots, oldest first; ``last_good``: the rows of the newest of
    them, None if there is none, and ``last_good_on`` its business date; ``absent_before``: (areacode, catalog_code) of
    obligations the last good run already saw unmet.
    """

    good_counts: tuple[int, ...] = ()
    last_good: pl.DataFrame | None = None
    last_good_on: date | None = None
    absent_before: AbstractSet[tuple[str, str]] = frozenset()


FIRST_TIME = Memory()
