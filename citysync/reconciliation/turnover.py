"""What changed between the last good snapshot and tonight's, like with like: by folded key, text against text."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from citysync.domain import codes, items, vocabulary
from citysync.domain.city import City
from citysync.domain.row_hashes import BOOKKEEPING

_NOTHING = pl.lit(None, dtype=pl.String)


@dataclass(frozen=True)
class Turnover:
    """Two nights side by side.

    ``before``: items in use or paused the last good night; ``vanished``, ``appeared``: ``key``, ``name``, ``region``;
    ``kept``: one row per item that both nights have exactly once, tonight's columns and last night's as ``…_before``;
    ``regions``: ``region`` of every item before and tonight, with ``before`` (Boolean).
    """

    before: int
    vanished: pl.DataFrame
    appeared: pl.DataFrame
    kept: pl.DataFrame


def turnover(before: pl.DataFrame, tonight: pl.DataFrame, city: City) -> Turnover:
    """Return what vanished, appeared and stayed; an item the city had marked as withdrawn does not vanish.

    Rows without any code are nobody's item: they are rejected later, each with its place.
    """
    old, new = _keyed(before), _keyed(tonight)
    declared = old.filter(_state(city) == vocabulary.WITHDRAWN).select("key")
    standing = old.join(declared, on="key", how="anti").unique("key")
    vanished = standing.join(new, on="key", how="anti")
    appeared = new.unique("key").join(old, on="key", how="anti")
    single_old, single_new = old.filter(pl.len().over("key") == 1), new.filter(pl.len().over("key") == 1)
    kept = single_new.join(single_old, on="key", suffix="_before")
    shown = pl.col("key"), pl.col("task_name").alias("name"), _region().alias("region")
    return Turnover(standing.height, vanished.select(shown), appeared.select(shown), kept)


def compared() -> tuple[str, ...]:
    """Return the columns in which a change is a change of the item, not of its book-keeping."""
    return tuple(name for name in items.NAMES if name not in BOOKKEEPING and name not in items.KEY)


def _keyed(rows: pl.DataFrame) -> pl.DataFrame:
    """Return every canonical column as text, null where the source lacks it, and ``key``: the longest code of a row."""
    whole = rows.select((pl.col(name) if name in rows.columns else _NOTHING).alias(name) for name in items.NAMES)
    key = pl.coalesce(codes.folded(pl.col("task_handle_item")), codes.folded(pl.col("task_code")))
    return whole.with_columns(key=key).filter(pl.col("key").is_not_null())


def _state(city: City) -> pl.Expr:
    return pl.col("task_state").replace(city.values.get("task_state", {}))


def _region() -> pl.Expr:
    """Return the division a row names, by its own column or, without one, inside its body's code."""
    return pl.coalesce(codes.folded(pl.col("areacode")).str.head(6), codes.division_part(codes.folded(pl.col("key"))))
