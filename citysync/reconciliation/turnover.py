"""What changed between the last good snapshot and tonight's, like with like: by folded key, text against text.

The rows' hashes find what may have changed; only of those rows, the candidates, the text is read, and what is said is
said by the text. Two keys of one hash are candidates too, so that none is taken for the other.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import polars as pl

from citysync.domain import codes, items, vocabulary
from citysync.domain.city import City
from citysync.domain.kept_rows import PLACE, KeptRows, one_a_key
from citysync.domain.row_hashes import BOOKKEEPING, ITEM, KEY, folded_keys

_NOTHING = pl.lit(None, dtype=pl.String)
_BEFORE = "_before"
_READ = tuple(name for name in items.NAMES if name not in BOOKKEEPING)


@dataclass(frozen=True)
class Turnover:
    """Two nights side by side; text is read where it is asked for.

    ``last``, ``tonight``: the rows of both; ``candidates``: which of them the hashes do not settle.
    """

    last: KeptRows
    tonight: KeptRows
    city: City
    candidates: _Candidates

    @property
    def alike(self) -> pl.Series:
        """Return which of tonight's rows (Boolean, one a row) say what they said the last good night."""
        return self.candidates.alike

    @cached_property
    def doubtful(self) -> int:
        """Return how many of the last night's rows the hashes do not settle: no more items can have moved."""
        return len(self.candidates.before)

    @cached_property
    def settled(self) -> int:
        """Return how many items in use or paused both nights have alike."""
        return int(self.alike.sum()) - _withdrawn_among(self.tonight, self.alike, self.city)

    @cached_property
    def before(self) -> int:
        """Return how many items were in use or paused the last good night."""
        return self._standing.height + self.settled

    @cached_property
    def kept(self) -> int:
        """Return how many items both nights have exactly once."""
        return self.changed.height + int(self.alike.sum())

    @cached_property
    def vanished(self) -> pl.DataFrame:
        """Return ``key``, ``name``, ``region`` of the items that are gone, but those the city had withdrawn."""
        return self._standing.join(self._new, on="key", how="anti").select(_shown())

    @cached_property
    def appeared(self) -> pl.DataFrame:
        """Return ``key``, ``name``, ``region`` of the items that are new."""
        once = self._new.unique("key", keep="first", maintain_order=True)
        return once.join(self._old, on="key", how="anti").select(_shown())

    @cached_property
    def changed(self) -> pl.DataFrame:
        """Return a row per item that both nights have exactly once, but not alike.

        Tonight's columns, and last night's as ``…_before``.
        """
        return _once(self._new).join(_once(self._old), on="key", suffix="_before")

    def of_kept(self, *names: str) -> pl.DataFrame:
        """Return some columns, and ``key``, of tonight's kept items; null where tonight's source lacks them."""
        changed = self.changed.select("key", *names)
        if not self.alike.any():
            return changed
        alike = self.tonight.of((*items.KEY, *names)).filter(self.alike)
        return pl.concat([changed, _keyed(alike).select("key", *names)])

    def earlier(self, names: Iterable[str], but: pl.Series | None = None) -> pl.DataFrame:
        """Return columns of the last night's rows with a key, in no order, and ``alike``: is the row the same tonight.

        Of those tonight's text stands for both: ask for nothing of ``BOOKKEEPING``. A name neither has is left out.
        ``but``: which of tonight's rows (Boolean, one a row) are left out where they are alike.
        """
        asked, alike = tuple(names), self.alike if but is None else self.alike & ~but
        settled = self.tonight.of(asked).filter(alike).with_columns(alike=pl.lit(value=True))
        others = self.last.at(self.candidates.before, asked).with_columns(alike=pl.lit(value=False))
        return pl.concat([settled, others], how="diagonal")

    @cached_property
    def _old(self) -> pl.DataFrame:
        return _keyed(self.last.at(self.candidates.before, _READ))

    @cached_property
    def _new(self) -> pl.DataFrame:
        return _keyed(self.tonight.at(self.candidates.tonight, _READ))

    @cached_property
    def _standing(self) -> pl.DataFrame:
        declared = self._old.filter(_withdrawn(self.city)).select("key")
        return self._old.join(declared, on="key", how="anti").unique("key", keep="first", maintain_order=True)


def turnover(before: KeptRows, tonight: KeptRows, city: City) -> Turnover:
    """Return what vanished, appeared and stayed; an item the city had marked as withdrawn does not vanish.

    Rows without any code are nobody's item: they are rejected later, each with its place.
    """
    return Turnover(before, tonight, city, _candidates(before.by_key, tonight.by_key))


def compared() -> tuple[str, ...]:
    """Return the columns in which a change is a change of the item, not of its book-keeping."""
    return tuple(name for name in _READ if name not in items.KEY)


@dataclass(frozen=True)
class _Candidates:
    """Places, ascending, of the rows whose text must be read; ``alike``: which of tonight's rows the hashes settle."""

    before: pl.Series
    tonight: pl.Series
    alike: pl.Series


def _candidates(before: pl.DataFrame, tonight: pl.DataFrame) -> _Candidates:
    """Return which rows need a look: of a key that one night lacks or any has twice, or not of the same content."""
    sides = (one_a_key(night.select(KEY, ITEM, PLACE)) for night in (tonight, before))
    both = next(sides).join(next(sides), on=KEY, suffix=_BEFORE)
    same = both.filter(pl.col(ITEM) == pl.col(f"{ITEM}{_BEFORE}"))
    settled = _at(same.get_column(PLACE), tonight.height)
    settled_before = _at(same.get_column(f"{PLACE}{_BEFORE}"), before.height)
    return _Candidates(_open(before, settled_before), _open(tonight, settled), settled)


def _at(places: pl.Series, height: int) -> pl.Series:
    """Return as many booleans, true at these places."""
    return pl.repeat(value=False, n=height, eager=True).scatter(places, values=True)


def _open(by_key: pl.DataFrame, settled: pl.Series) -> pl.Series:
    """Return the places of the rows that have a key and are not settled."""
    nobodys = by_key.get_column(PLACE).head(by_key.get_column(KEY).null_count())
    return (~settled).scatter(nobodys, values=False).arg_true()


def _once(keyed: pl.DataFrame) -> pl.DataFrame:
    return keyed.filter(pl.len().over("key") == 1)


def _keyed(rows: pl.DataFrame) -> pl.DataFrame:
    """Return every canonical column as text, null where the source lacks it, and ``key``: the longest code of a row."""
    whole = rows.select((pl.col(name) if name in rows.columns else _NOTHING).alias(name) for name in items.NAMES)
    return whole.with_columns(key=folded_keys(rows)).filter(pl.col("key").is_not_null())


def _withdrawn_among(rows: KeptRows, chosen: pl.Series, city: City) -> int:
    if "task_state" not in rows.columns or not chosen.any():
        return 0
    return int(rows.of(["task_state"]).filter(chosen).select(_withdrawn(city).sum()).item())


def _withdrawn(city: City) -> pl.Expr:
    return pl.col("task_state").replace(city.values.get("task_state", {})) == vocabulary.WITHDRAWN


def _shown() -> tuple[pl.Expr, ...]:
    return pl.col("key"), pl.col("task_name").alias("name"), _region().alias("region")


def _region() -> pl.Expr:
    """Return the division a row names, by its own column or, without one, inside its body's code."""
    return pl.coalesce(codes.folded(pl.col("areacode")).str.head(6), codes.division_part(codes.folded(pl.col("key"))))
