"""Rows about which neither validation nor the comparison with the master had anything to say.

Of such a row a night needs nothing but what it adds to the sums: it meets one obligation, and counts as one of its
kind. While its text and all that it was compared with are the same, it is neither typed, nor matched, nor asked again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import polars as pl
import polars_hash as plh

from citysync.domain import items
from citysync.domain.catalogue import ITEM
from citysync.domain.row_hashes import KEY, ROW
from citysync.domain.tallies import COUNTS, PLACE

TYPED, KIND, BODY = "typed_key", "kind", "body"
SETTLED: dict[str, pl.DataType] = {
    KEY: pl.UInt64(),
    ROW: pl.UInt64(),
    TYPED: pl.UInt64(),
    ITEM: pl.UInt32(),
    KIND: pl.UInt32(),
}
KINDS: dict[str, pl.DataType] = {
    **dict.fromkeys(PLACE, pl.String()),
    BODY: pl.String(),
    **dict.fromkeys(COUNTS, pl.Int64()),
}


@dataclass(frozen=True)
class Settled:
    """A city's settled rows.

    ``basis``: the digest of all that the comparison read but the rows; ``rows``: frame SETTLED in order of
    ``key_hash``, no two of one: ``typed_key`` is the hash of the key as read, ``item`` the row of the master, from 0,
    ``kind`` the row of ``kinds``; ``kinds``: frame KINDS, where a row counts and for how much, ``body`` being that of a
    national code, null elsewhere; ``at``: which of a night's rows these are (Boolean, one a row), None where no night
    is meant.
    """

    basis: str
    rows: pl.DataFrame = field(repr=False)
    kinds: pl.DataFrame = field(repr=False)
    at: pl.Series | None = field(default=None, repr=False)

    @property
    def height(self) -> int:
        """Return how many rows they are."""
        return self.rows.height

    @cached_property
    def many(self) -> pl.DataFrame:
        """Return the kinds that occur, with ``many``: how many rows are of each."""
        counted = self.rows.group_by(KIND).agg(many=pl.len().cast(pl.Int64))
        return self.kinds[counted[KIND]].with_columns(counted["many"])

    @property
    def tallies(self) -> pl.DataFrame:
        """Return what they count for, by ``PLACE``."""
        return self.many.group_by(PLACE).agg((pl.col(name) * pl.col("many")).sum() for name in COUNTS)

    @property
    def bodies(self) -> pl.Series:
        """Return the bodies they name, each once."""
        return self.many[BODY].drop_nulls().unique()

    def codes(self, codes: pl.Series) -> pl.Series:
        """Return the catalog_code of each, by the codes of the master's rows."""
        return codes[self.rows[ITEM]]

    def unmet(self, duties: pl.DataFrame, items: int) -> pl.DataFrame:
        """Return obligations (areacode, item of ``items``) that none of these rows meets."""
        left = pl.repeat(value=True, n=duties.height, dtype=pl.Boolean, eager=True)
        areas = self.kinds[PLACE[0]]
        for area in self.many[PLACE[0]].unique():
            kinds = (areas == area).fill_null(value=False)
            theirs = self.rows[ITEM].filter(kinds[self.rows[KIND]]) if areas.n_unique() > 1 else self.rows[ITEM]
            there = pl.repeat(value=False, n=items, dtype=pl.Boolean, eager=True).scatter(theirs, values=True)
            left &= ~(there[duties[ITEM]] & (duties["areacode"] == area))
        return duties.filter(left)

    def held(self, codes: pl.Series, wanted: pl.Series) -> pl.DataFrame:
        """Return catalog_code and body of those whose code is wanted and whose body is known."""
        places = codes.is_in(wanted.implode()).arg_true()
        some = self.rows.filter(pl.col(ITEM).is_in(places.cast(SETTLED[ITEM]).implode()))
        told = pl.DataFrame({"catalog_code": codes[some[ITEM]], BODY: self.kinds[BODY][some[KIND]]})
        return told.drop_nulls(BODY)


def typed_key(rows: pl.DataFrame) -> pl.Series:
    """Return the hash of each row's key as read: equal keys have equal ones."""
    code, handle_item = (pl.col(name) for name in items.KEY)
    both = rows.select((code + pl.lit("|") + handle_item.fill_null("")).alias(TYPED))
    return both.select(plh.col(TYPED).nchash.xxh3_64()).to_series()


def kinds_of(rows: pl.DataFrame, before: pl.DataFrame) -> tuple[pl.DataFrame, pl.Series]:
    """Return all kinds, those there were first, and which of them each row is; ``rows``: the columns of KINDS."""
    every = pl.concat([before, rows.select(_typed(KINDS))]).unique(maintain_order=True)
    numbered = every.with_columns(pl.int_range(pl.len()).cast(SETTLED[KIND]).alias(KIND))
    kind = rows.select(_typed(KINDS)).join(
        numbered, on=list(KINDS), how="left", nulls_equal=True, maintain_order="left"
    )
    return every, kind[KIND]


def _typed(schema: dict[str, pl.DataType]) -> Sequence[pl.Expr]:
    return [pl.col(name).cast(dtype) for name, dtype in schema.items()]
