"""How one night's rows are put together from an earlier night's and a few of their own: proved by doing it. Pure."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, chain
from typing import NamedTuple

import polars as pl

from citysync.domain.kept_rows import PLACE, InHand, KeptRows
from citysync.domain.row_hashes import KEY, ROW

PLACED = ("row_no", "page_no")  # what a row's place says, not the row
_FEW = 5  # of so many rows one may be new or different; beyond it little is spared
_PIECES = 200  # and one for each fifty rows: beyond them the rows are in another order altogether
_A_PIECE = 50


class Stretch(NamedTuple):
    """Rows that stand together on both nights. ``own``: of tonight's own rows, else of the earlier ones; from 0."""

    own: bool
    start: int
    length: int


@dataclass(frozen=True)
class Assembly:
    """``stretches``: tonight's rows in order; ``pages``: (page_no, how many rows); ``row_no`` counts from 1."""

    stretches: tuple[Stretch, ...]
    pages: tuple[tuple[int, int], ...]

    @cached_property
    def height(self) -> int:
        """Return how many rows it makes."""
        return sum(each.length for each in self.stretches)

    def frame(self, earlier: pl.DataFrame, own: pl.DataFrame) -> pl.DataFrame:
        """Return tonight's rows of both, without what their places say; or what is said of each, as its hashes."""
        parts = [(own if each.own else earlier).slice(each.start, each.length) for each in self.stretches]
        return pl.concat(parts) if parts else earlier.clear()

    def origins(self, earlier: int) -> pl.Series:
        """Return where each row stands: its place among so many earlier rows or, behind all of those, its own."""
        shift = {False: 0, True: earlier}
        starts = ((each.start + shift[each.own], each.length) for each in self.stretches)
        return pl.Series(chain.from_iterable(range(start, start + rows) for start, rows in starts), dtype=pl.UInt32)

    def numbered(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Return all of tonight's rows with what their places say."""
        pages = pl.DataFrame(self.pages, schema={"page_no": pl.Int64, "rows": pl.Int64}, orient="row")
        page = pages.select(pl.col("page_no").repeat_by("rows").explode()).to_series().head(self.height)
        return rows.with_columns(pl.int_range(1, pl.len() + 1, dtype=pl.Int64).alias("row_no"), page.alias("page_no"))

    def numbered_at(self, rows: pl.DataFrame, places: Sequence[int]) -> pl.DataFrame:
        """Return the rows at some places with what those say."""
        page = [self.pages[bisect_right(self._page_ends, place)][0] for place in places]
        columns = {"row_no": [place + 1 for place in places], "page_no": page}
        return rows.with_columns(pl.Series(name, values, dtype=pl.Int64) for name, values in columns.items())

    def source(self, place: int) -> tuple[bool, int]:
        """Return whether the row at a place is one of tonight's own, and its place among those or the earlier ones."""
        number = bisect_right(self._ends, place)
        stretch = self.stretches[number]
        return stretch.own, stretch.start + place - (self._ends[number] - stretch.length)

    def places_of(self, sources: Iterable[int], *, own: bool) -> list[tuple[int, int]]:
        """Return (place, source) of rows of one side, in order of places; one may stand at several, or nowhere."""
        wanted = sorted(sources)
        found: list[tuple[int, int]] = []
        for stretch, end in zip(self.stretches, self._ends, strict=True):
            if stretch.own is own:
                shift = end - stretch.length - stretch.start
                low = bisect_right(wanted, stretch.start - 1)
                high = bisect_right(wanted, stretch.start + stretch.length - 1)
                found += [(source + shift, source) for source in wanted[low:high]]
        return found

    @cached_property
    def _ends(self) -> list[int]:
        return list(accumulate(each.length for each in self.stretches))

    @cached_property
    def _page_ends(self) -> list[int]:
        return list(accumulate(length for _, length in self.pages))


def assembly_of(
    earlier: KeptRows, now: InHand, stands: pl.Series | None = None
) -> tuple[Assembly, pl.DataFrame] | None:
    """Return how tonight's rows come of an earlier night's and their own, and their own; None where it is not worth it.

    ``stands``: of each row, its place among the earlier ones or, behind them all, anything else; without it rows are
    found by their hashes. What is found is put together and held against tonight's rows: None, too, where a single
    character differs.
    """
    rows = now.whole
    if tuple(earlier.columns) != now.columns or not rows.height or not _counted(rows):
        return None
    found = _sources(earlier, now) if stands is None else _standing(earlier, stands)
    own = rows.filter(found.get_column("own")).drop(PLACED)
    stretches = _stretches(found)
    if own.height * _FEW > rows.height or len(stretches) > max(_PIECES, rows.height // _A_PIECE):
        return None
    runs = rows.select(pl.col("page_no").rle().struct.unnest())
    pages = tuple(zip(runs.get_column("value").to_list(), runs.get_column("len").to_list(), strict=True))
    assembly = Assembly(stretches, pages)
    same = assembly.frame(earlier.whole.drop(PLACED), own).equals(rows.drop(PLACED))
    return (assembly, own) if same else None


def _counted(rows: pl.DataFrame) -> bool:
    """Return whether the rows are numbered from 1 without a gap, each with its page."""
    numbered = (pl.col("row_no") == pl.int_range(1, pl.len() + 1)).all() & pl.col("page_no").is_not_null().all()
    return bool(rows.select(numbered.fill_null(value=False)).item())


def _sources(earlier: KeptRows, now: InHand) -> pl.DataFrame:
    """Return, in order of tonight's rows: ``own``, and ``source``, the place among their own or the earlier rows."""
    there = earlier.by_key.drop_nulls(KEY).select(KEY, ROW, pl.col(PLACE).cast(pl.Int64).alias("there"))
    known = now.by_key.join(there.unique([KEY, ROW], keep="first"), on=[KEY, ROW], how="left").sort(PLACE)
    own = pl.col("there").is_null()
    return known.select(own=own, source=pl.coalesce("there", own.cast(pl.Int64).cum_sum() - 1))


def _standing(earlier: KeptRows, stands: pl.Series) -> pl.DataFrame:
    """Return what ``_sources`` does, of where rows are known to stand."""
    place = pl.col("stands").cast(pl.Int64)
    told = stands.to_frame("stands").select(place, own=place >= earlier.height)
    return told.select(
        "own", source=pl.when("own").then(pl.col("own").cast(pl.Int64).cum_sum() - 1).otherwise("stands")
    )


def _stretches(found: pl.DataFrame) -> tuple[Stretch, ...]:
    ahead = (pl.col("source") != pl.col("source").shift() + 1) | (pl.col("own") != pl.col("own").shift())
    begun = found.with_row_index("place").filter(ahead.fill_null(value=True))
    ends = begun.get_column("place").cast(pl.Int64).shift(-1, fill_value=found.height)
    told = begun.select("own", "source", rows=ends - pl.col("place").cast(pl.Int64))
    return tuple(Stretch(own, start, length) for own, start, length in told.iter_rows())


def stretches_of(told: Sequence[Sequence[int]]) -> tuple[Stretch, ...]:
    """Return the stretches of a kept document: [own, start, length], own as 0 or 1."""
    return tuple(Stretch(bool(own), start, length) for own, start, length in told)
