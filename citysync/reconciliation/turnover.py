"""What changed between the last good snapshot and tonight's, like with like: by folded key, text against text.

The rows' hashes find what may have changed; only of those rows, the candidates, the text is read, and what is said is
said by the text. Two keys of one hash are candidates too, so that none is taken for the other.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from citysync.domain import codes, items, vocabulary
from citysync.domain.city import City
from citysync.domain.kept_rows import PLACE, KeptRows
from citysync.domain.row_hashes import BOOKKEEPING, ITEM, KEY, folded_keys

_NOTHING = pl.lit(None, dtype=pl.String)
_BEFORE = "_before"
_READ = tuple(name for name in items.NAMES if name not in BOOKKEEPING)


@dataclass(frozen=True)
class Turnover:
    """Two nights side by side.

    ``before``: items in use or paused the last good night; ``vanished``, ``appeared``: ``key``, ``name``, ``region``;
    ``changed``: one row per item that both nights have exactly once, but not alike: tonight's columns and last night's
    as ``…_before``; ``kept``: how many both nights have exactly once; ``tonight``: the rows that came, of which those
    at ``alike`` (Boolean, one a row) say what they said the last good night.
    """

    before: int
    vanished: pl.DataFrame
    appeared: pl.DataFrame
    changed: pl.DataFrame
    kept: int
    tonight: KeptRows
    alike: pl.Series

    def of_kept(self, *names: str) -> pl.DataFrame:
        """Return some columns, and ``key``, of tonight's kept items; null where tonight's source lacks them."""
        changed = self.changed.select("key", *names)
        if not self.alike.any():
            return changed
        alike = self.tonight.of((*items.KEY, *names)).filter(self.alike)
        return pl.concat([changed, _keyed(alike).select("key", *names)])


def turnover(before: KeptRows, tonight: KeptRows, city: City) -> Turnover:
    """Return what vanished, appeared and stayed; an item the city had marked as withdrawn does not vanish.

    Rows without any code are nobody's item: they are rejected later, each with its place.
    """
    asked = _candidates(before.by_key, tonight.by_key)
    old, new = _keyed(before.at(asked.before, _READ)), _keyed(tonight.at(asked.tonight, _READ))
    declared = old.filter(_withdrawn(city)).select("key")
    standing = old.join(declared, on="key", how="anti").unique("key", keep="first", maintain_order=True)
    vanished = standing.join(new, on="key", how="anti")
    appeared = new.unique("key", keep="first", maintain_order=True).join(old, on="key", how="anti")
    changed = _once(new).join(_once(old), on="key", suffix="_before")
    shown = pl.col("key"), pl.col("task_name").alias("name"), _region().alias("region")
    alike = int(asked.alike.sum())
    return Turnover(
        before=standing.height + alike - _withdrawn_among(tonight, asked.alike, city),
        vanished=vanished.select(shown),
        appeared=appeared.select(shown),
        changed=changed,
        kept=changed.height + alike,
        tonight=tonight,
        alike=asked.alike,
    )


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
    both = _one_a_key(tonight).join(_one_a_key(before), on=KEY, suffix=_BEFORE)
    same = both.filter(pl.col(ITEM) == pl.col(f"{ITEM}{_BEFORE}"))
    settled = _at(same.get_column(PLACE), tonight.height)
    settled_before = _at(same.get_column(f"{PLACE}{_BEFORE}"), before.height)
    return _Candidates(_open(before, settled_before), _open(tonight, settled), settled)


def _one_a_key(by_key: pl.DataFrame) -> pl.DataFrame:
    """Return key, item and place of the rows whose key no other has: so sorted, joining them is merging them."""
    keyed = by_key.select(KEY, ITEM, PLACE).slice(by_key.get_column(KEY).null_count())
    key = keyed.get_column(KEY)
    twice = (key == key.shift(1)).fill_null(value=False)
    if twice.any():
        keyed = keyed.filter(~(twice | twice.shift(-1, fill_value=False)))
    return keyed.with_columns(pl.col(KEY).set_sorted())


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


def _region() -> pl.Expr:
    """Return the division a row names, by its own column or, without one, inside its body's code."""
    return pl.coalesce(codes.folded(pl.col("areacode")).str.head(6), codes.division_part(codes.folded(pl.col("key"))))
