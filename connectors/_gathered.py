"""Rows of many small pages, put into frames a few thousand at a time: a column costs as much to begin as to fill."""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

import polars as pl

from citysync.domain.row_texts import RowTexts
from connectors._columns import Columns
from connectors._known import KnownPage, KnownRows, Texts
from connectors._mapping import Plan, framed, placed
from connectors._records import Record

_TOGETHER = 2_000  # rows that wait as records, at some 2 KB each
_IN_COLUMNS = 10_000


class Gathered:
    """Pages in the order they came; ``frames`` holds the same rows as one frame a page would, stacked.

    Only pages whose records have the same fields are put together: which fields there are decides where a column is
    looked for.
    """

    def __init__(self, plan: Plan, known: KnownRows | None = None) -> None:
        self._plan, self._known = plan, known
        self._texts = Texts(known)
        self._frames: list[pl.DataFrame | _Repeat] = []
        self._fields_of: dict[int, frozenset[str]] = {}
        self._fields: object = None
        self._records: list[Record] = []
        self._columns: list[pl.DataFrame] = []
        self._places: list[int] = []
        self._names: set[str] = set()
        self._numbers: list[int] = []

    def add(self, number: int, records: Sequence[Record]) -> None:
        """Count in a page's records."""
        self._texts.add(records)
        if isinstance(records, KnownPage):
            fields: object = KnownPage  # whichever fields: nothing is looked for beneath another
            most = _IN_COLUMNS if len(self._records) + len(records.fresh) <= _TOGETHER else 0
        elif isinstance(records, Columns):
            fields, most = records.frame.columns, _IN_COLUMNS
        else:
            fields, most = set().union(*records), _TOGETHER
        if fields != self._fields or len(self._numbers) + len(records) > most:
            self._settle()
            self._fields = fields
        self._put(number, records)
        self._numbers += [number] * len(records)

    def again(self, number: int, first: Gathered, page: int, rows: int) -> None:
        """Count in a page whose rows are those of a page gathered before, here or in a pass before."""
        self._texts.unknown(rows)
        self._settle()
        self._frames.append(_Repeat(first, page, number))

    def frames(self) -> list[pl.DataFrame]:
        """Return the rows so far: ``page_no``, then each canonical column some record has, as ``to_frame`` does."""
        self._settle()
        return [each.frame() if isinstance(each, _Repeat) else each for each in self._frames]

    def page(self, number: int) -> pl.DataFrame:
        """Return the rows of one page, which is no repetition itself, as ``frames`` has them without ``page_no``."""
        self._settle()
        frames = (each for each in self._frames if isinstance(each, pl.DataFrame))
        rows = next(rows for each in frames if (rows := each.filter(pl.col("page_no") == number)).height)
        fields = self._fields_of.get(number)
        of_others = [name for name, path in self._plan.paths.items() if fields is not None and path not in fields]
        return rows.drop("page_no", *of_others, strict=False)

    def texts(self) -> RowTexts | None:
        """Return by which texts the rows so far came, None where nobody asked."""
        return self._texts.told()

    def _put(self, number: int, records: Sequence[Record]) -> None:
        if isinstance(records, KnownPage):
            self._fields_of[number] = records.names
            before = len(self._records)
            self._places += [place if place >= 0 else place - before for place in records.places]
            self._names |= records.names
            self._records += records.fresh
        elif isinstance(records, Columns):
            self._columns.append(records.frame)
        else:
            self._records += records

    def _settle(self) -> None:
        if self._places and self._known is not None:
            known, names = self._known.frame, self._names
            self._frames.append(_together(known, self._places, self._records, names, self._plan, self._numbers))
        elif self._records:
            self._frames.append(framed(self._records, self._plan, self._numbers))
        if self._columns:
            self._frames.append(placed(pl.concat(self._columns, rechunk=True), self._plan, self._numbers))
        self._records, self._columns, self._numbers = [], [], []
        self._places, self._names = [], set()


@dataclass(frozen=True)
class _Repeat:
    """A page whose rows stand under another number already."""

    first: Gathered
    page: int
    number: int

    def frame(self) -> pl.DataFrame:
        rows = self.first.page(self.page)
        return rows.select(pl.lit(self.number, dtype=pl.Int64).alias("page_no"), pl.all())


def _together(
    known: pl.DataFrame,
    places: Sequence[int],
    fresh: Sequence[Record],
    names: AbstractSet[str],
    plan: Plan,
    page_numbers: Sequence[int],
) -> pl.DataFrame:
    """Return what ``framed`` does, of rows that stand at places of last night's, or, from -1 downwards, in ``fresh``.

    ``names``: of every field that some of them has.
    """
    columns = [name for name, path in plan.paths.items() if path in names]
    stands = pl.Series(places, dtype=pl.Int64)
    stay = stands >= 0
    frame = known.select(name for name in columns if name in known.columns)[stands.filter(stay)]
    if fresh:
        order = (stay.cum_sum().cast(pl.Int64) - 1).zip_with(stay, int(stay.sum()) - 1 - stands)
        new = framed(fresh, plan, range(len(fresh))).drop("page_no")
        # In one piece first: to gather from two costs six times as much as to copy them together.
        frame = pl.concat([frame, new], how="diagonal", rechunk=True)[order]
    return pl.DataFrame([pl.Series("page_no", page_numbers, dtype=pl.Int64), *frame.select(columns)])
