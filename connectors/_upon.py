"""Changed rows put upon the rows there were, and where two states of a directory differ. Pure.

A row is known by its key (实施编码, 业务办理项编码) as ``keys_of`` reads it. Rows of one key, such as several versions
of an item, are one group: a change of the key stands for the whole group. Rows without a code have no key: they stay.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import polars as pl

from connectors._mapping import Key, in_order, keys_of

NO_CODE = ""  # what stands for the key of a row without a code
_KEY, _PLACE, _TWIN = "_key", "_place", "_twin"
_OURS = frozenset({"row_no", "page_no", _KEY, _PLACE, _TWIN})
_QUOTED = 3


@dataclass(frozen=True)
class Merged:
    """A directory after its changes. ``resent``: rows that were told but are as they were."""

    rows: pl.DataFrame
    inserted: int
    updated: int
    deleted: int
    resent: int

    def __str__(self) -> str:
        """Return what changed, for people."""
        told = f"新增 {self.inserted:,} 条，修改 {self.updated:,} 条，删除 {self.deleted:,} 条"
        return f"{told}，重发未变 {self.resent:,} 条" if self.resent else told


def key_texts(frame: pl.DataFrame) -> pl.Series:
    """Return each row's key as one text, ``NO_CODE`` where it has none."""
    return pl.Series(_KEY, [key_text(key) for key in keys_of(frame)], dtype=pl.String)


def key_text(key: Key | None) -> str:
    """Return a key as one text."""
    return NO_CODE if key is None else f"{key[0]}|{key[1] or ''}"


def put_upon(base: pl.DataFrame, changed: pl.DataFrame, gone: Collection[str]) -> Merged:
    """Return the base with the groups of changed keys replaced where they stood, and those gone taken out.

    Rows of the base have page 0, as those of a look-up have; new ones come last. ``changed`` has no column the base
    lacks, and no row without a code.
    """
    before, told = base.with_columns(key_texts(base)), changed.with_columns(key_texts(changed))
    places = before.select(_KEY, _place(0)).unique(_KEY, keep="first", maintain_order=True)
    touched = pl.concat([told[_KEY], pl.Series(_KEY, list(gone), dtype=pl.String)])
    kept = before.with_columns(_place(0), page_no=pl.lit(0, dtype=pl.Int64)).filter(
        ~pl.col(_KEY).is_in(touched.implode()) | (pl.col(_KEY) == NO_CODE)
    )
    fresh = told.with_columns(_place(before.height).alias("_new")).join(
        places, on=_KEY, how="left", maintain_order="left"
    )
    fresh = fresh.with_columns(pl.coalesce(_PLACE, "_new").alias(_PLACE)).drop("_new")
    stacked = pl.concat([kept, fresh], how="diagonal").sort(_PLACE, maintain_order=True)
    rows = stacked.with_columns(row_no=pl.int_range(1, pl.len() + 1, dtype=pl.Int64)).select(base.columns)
    known = set(before[_KEY])
    new = set(told[_KEY])
    same = new & known - differing(before.filter(pl.col(_KEY).is_in(list(new))), changed)
    deleted = len((set(gone) - new) & known)
    return Merged(rows, len(new - known), len(new & known) - len(same), deleted, len(same))


def differing(one: pl.DataFrame, other: pl.DataFrame) -> set[str]:
    """Return the keys of which two directories say different things, or as many different things."""
    left, right = _told(one, other)
    return _lacking(left, right) | _lacking(right, left)


def lacking(part: pl.DataFrame, whole: pl.DataFrame) -> set[str]:
    """Return the keys of rows that are in a part, but not, as they are there, in the whole."""
    left, right = _told(part, whole)
    return _lacking(left, right)


def without(rows: pl.DataFrame, column: str) -> pl.DataFrame:
    """Return rows without a column they may have."""
    return rows.drop(column, strict=False)


def ordered(rows: pl.DataFrame, columns: Sequence[str]) -> pl.DataFrame:
    """Return rows numbered from 1, their columns in canonical order."""
    return in_order(rows.with_columns(row_no=pl.int_range(1, pl.len() + 1, dtype=pl.Int64)), columns)


def some(keys: Collection[str]) -> str:
    """Return keys for people: how many, and the first three."""
    shown = [key.partition("|")[2] or key.partition("|")[0] or "（无编码）" for key in sorted(keys)[:_QUOTED]]
    return f"{len(keys):,} 个编码，如 {'、'.join(shown)}"


def _place(start: int) -> pl.Expr:
    return pl.int_range(start, pl.len() + start, dtype=pl.Int64).alias(_PLACE)


def _told(one: pl.DataFrame, other: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return both with the same columns, their keys, and the how-manieth of equal rows each is."""
    columns = sorted({*one.columns, *other.columns} - _OURS)
    return _alike(one, columns), _alike(other, columns)


def _alike(rows: pl.DataFrame, columns: Sequence[str]) -> pl.DataFrame:
    missing = [pl.lit(None, dtype=pl.String).alias(name) for name in columns if name not in rows.columns]
    keyed = rows.with_columns(missing).select(columns).with_columns(key_texts(rows))
    return keyed.with_columns(pl.int_range(pl.len()).over([_KEY, *columns]).alias(_TWIN))


def _lacking(left: pl.DataFrame, right: pl.DataFrame) -> set[str]:
    return set(left.join(right, on=left.columns, how="anti", nulls_equal=True)[_KEY])
