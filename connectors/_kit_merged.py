"""Changes put upon a directory by key: only the places they touch are looked for, the rest stays in long runs. Pure."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain

import polars as pl

from citysync.domain.digests import ROW_BYTES
from connectors._kit_entries import Entries
from connectors._kit_talk import Line

_A_RUN = 300  # rows: runs as long as that are copied one by one for less than all rows are copied twice


@dataclass(frozen=True)
class Merged:
    """What comes of it: keys, ascending, and the hashes of their rows.

    ``runs``: where the rows stand: those there were by their places, the new ones behind them, in the order they were
    given; ``inserted``: how many of the new ones have a new key.
    """

    keys: Sequence[str]
    packed: bytes = field(repr=False)
    runs: Sequence[range]
    inserted: int

    @cached_property
    def places(self) -> pl.Series:
        """Return of each row where it stands."""
        return pl.Series(list(chain.from_iterable(self.runs)), dtype=pl.UInt32)

    def rows(self, before: pl.DataFrame, fresh: pl.DataFrame) -> pl.DataFrame:
        """Return the rows in the order of the keys, from those there were and the new ones, of the same columns."""
        if len(self.runs) * _A_RUN <= before.height:
            return pl.concat([_run(each, before, fresh) for each in self.runs], rechunk=True)
        # In one piece first: to gather from two costs six times as much as to copy them together.
        return pl.concat([before, fresh], rechunk=True)[self.places]


def _run(places: range, before: pl.DataFrame, fresh: pl.DataFrame) -> pl.DataFrame:
    if places.start < before.height:
        return before.slice(places.start, len(places))
    return fresh.slice(places.start - before.height, len(places))


def merged(before: Entries, upserts: Mapping[str, Line], gone: AbstractSet[str]) -> Merged:
    """Return a directory with rows put in, in the place of others of their key, and the rows of some keys taken out."""
    keys, inserted, start = before.keys, 0, 0
    places = {key: len(keys) + number for number, key in enumerate(upserts)}
    runs: list[range] = []
    for key in sorted(upserts.keys() | gone):
        place = bisect_left(keys, key, start)
        there = place < len(keys) and keys[place] == key
        runs.append(range(start, place))
        if key in places:
            runs.append(range(places[key], places[key] + 1))
            inserted += not there
        start = place + there
    runs.append(range(start, len(keys)))
    every = [*keys, *upserts]
    packed = b"".join([before.packed, *(line.hash for line in upserts.values())])
    return Merged(
        keys=list(chain.from_iterable(every[run.start : run.stop] for run in runs)),
        packed=b"".join(packed[run.start * ROW_BYTES : run.stop * ROW_BYTES] for run in runs),
        runs=runs,
        inserted=inserted,
    )
