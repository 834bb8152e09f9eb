"""Rows of a snapshot of which only what is asked for is worked out or read: their hashes, a column, single rows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import polars as pl

from citysync.domain.row_hashes import KEY, row_hashes

PLACE = "place"


class KeptRows(Protocol):
    """A snapshot's rows as text. A place is a row's number from 0; rows stand in the order of their places."""

    @property
    def columns(self) -> tuple[str, ...]:
        """Return their columns' names."""

    @property
    def height(self) -> int:
        """Return how many they are."""

    @property
    def hashes(self) -> pl.DataFrame:
        """Return the frame ``HASHES``, one row a row."""

    @property
    def by_key(self) -> pl.DataFrame:
        """Return the frame ``HASHES`` in order of ``key_hash``, rows without a key first, and the ``place`` of each."""

    @property
    def whole(self) -> pl.DataFrame:
        """Return all of them."""

    def of(self, names: Iterable[str]) -> pl.DataFrame:
        """Return some columns of all rows; a name they do not have is left out."""

    def at(self, places: pl.Series, names: Iterable[str]) -> pl.DataFrame:
        """Return some columns of the rows at these places, which ascend; a name they do not have is left out."""


def in_key_order(hashes: pl.DataFrame) -> pl.DataFrame:
    """Return ``by_key`` of hashes in the order of rows."""
    return hashes.with_row_index(PLACE).select(*hashes.columns, PLACE).sort(KEY, nulls_last=False)


def one_a_key(by_key: pl.DataFrame) -> pl.DataFrame:
    """Return the rows whose key no other has, in order of keys, and known to be so: to join such is to merge them."""
    keyed = by_key.slice(by_key.get_column(KEY).null_count())
    key = keyed.get_column(KEY)
    twice = (key == key.shift(1)).fill_null(value=False)
    if twice.any():
        keyed = keyed.filter(~(twice | twice.shift(-1, fill_value=False)))
    return keyed.with_columns(pl.col(KEY).set_sorted())


@dataclass(frozen=True)
class InHand:
    """Rows that are in memory anyway."""

    whole: pl.DataFrame

    @cached_property
    def hashes(self) -> pl.DataFrame:
        """Return their hashes, worked out once."""
        return row_hashes(self.whole)

    @cached_property
    def by_key(self) -> pl.DataFrame:
        """Return their hashes in order of keys, sorted once."""
        return in_key_order(self.hashes)

    @property
    def columns(self) -> tuple[str, ...]:
        """Return their columns' names."""
        return tuple(self.whole.columns)

    @property
    def height(self) -> int:
        """Return how many they are."""
        return self.whole.height

    def of(self, names: Iterable[str]) -> pl.DataFrame:
        """Return some columns of all rows."""
        return self.whole.select(name for name in names if name in self.whole.columns)

    def at(self, places: pl.Series, names: Iterable[str]) -> pl.DataFrame:
        """Return some columns of the rows at these places."""
        return self.of(names)[places]


@dataclass(frozen=True)
class OfKept(InHand):
    """Rows in memory that stand, but for ``fresh`` ones, in a kept snapshot of the same columns as they stand here.

    ``places``: of each row, its place in ``kept`` or, behind all of those, in ``fresh``; None: the rows are ``kept``'s.
    A row's hashes are those of its text, so a row that stands there has the hashes that were kept.
    """

    kept: KeptRows
    fresh: pl.DataFrame
    places: pl.Series | None

    @cached_property
    def hashes(self) -> pl.DataFrame:
        """Return their hashes, of which those of fresh rows alone are worked out."""
        if self.places is None:
            return self.kept.hashes
        return pl.concat([self.kept.hashes, row_hashes(self.fresh)], rechunk=True)[self.places]

    @cached_property
    def by_key(self) -> pl.DataFrame:
        """Return their hashes in order of keys; those of the same rows are sorted already."""
        return self.kept.by_key if self.places is None else in_key_order(self.hashes)
