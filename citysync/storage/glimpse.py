"""A few rows of a snapshot, read lazily: pages show a hundred rows and must not load fifty thousand for them."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import polars as pl

from citysync.domain import codes
from citysync.domain.items import KEY
from citysync.storage.changes import ChangesFile, rests_on
from citysync.storage.kept import open_snapshot
from citysync.storage.pages import AT

Row = dict[str, Any]
_SAYING = ("task_name", "dept_name")


def codes_saying(path: Path, text: str) -> list[str]:
    """Return the codes of the rows whose name or department holds a text, whatever its case."""
    rows = _rows(path)
    if rows is None:
        return []
    saying = [_holds(pl.col(name), text) for name in _SAYING if name in rows.columns]
    keys = [name for name in KEY if name in rows.columns]
    if not saying or not keys:
        return []
    found = rows.where(pl.any_horizontal(saying), keys)
    return sorted({code for name in keys for code in found.get_column(name).drop_nulls()})


def _holds(column: pl.Expr, text: str) -> pl.Expr:
    # To write every name in small letters takes three times as long as to search it: a text without case spares that.
    caseless = text.lower() == text.upper()
    return (column if caseless else column.str.to_lowercase()).str.contains(text.lower(), literal=True)


def rows_of_codes(path: Path, wanted: Collection[str], columns: Collection[str]) -> list[Row]:
    """Return the rows sent under some 实施编码 or 业务办理项编码, with the columns the source has (and the codes)."""
    rows = _rows(path)
    keys = [] if rows is None else [name for name in KEY if name in rows.columns]
    if rows is None or not keys or not wanted:
        return []
    among = pl.any_horizontal(pl.col(name).is_in(list(wanted)) for name in keys)
    return rows.where(among, _named(rows, columns)).to_dicts()


def rows_of_item(path: Path, catalog_code: str, columns: Collection[str]) -> list[Row]:
    """Return the rows of one 基本编码, by its own column or by its place in the 实施编码."""
    rows = _rows(path)
    if rows is None:
        return []
    by_item = _places_by_item(path)
    items = by_item.get_column("item")
    first, beyond = (items.search_sorted(catalog_code, side) for side in ("left", "right"))
    places = by_item.get_column("place")[first:beyond].sort()
    return rows.at(places, _named(rows, columns)).to_dicts() if places.len() else []


@lru_cache(maxsize=64)
def _places_by_item(path: Path) -> pl.DataFrame:
    """Return ``item``, a 基本编码, and the place of each row said to be of it, in order of items.

    A snapshot's file never changes, and of other cities' items most are looked for again and again: the codes of a
    directory are folded once.
    """
    rows, nothing = _rows(path), pl.DataFrame(schema={"place": pl.UInt32, "item": pl.String})
    if rows is None:
        return nothing
    ways = {"catalog_code": pl.col("catalog_code"), "task_code": codes.catalog_part(codes.folded(pl.col("task_code")))}
    said = rows.of(ways).with_row_index("place")
    found = [said.select("place", item=way) for name, way in ways.items() if name in rows.columns]
    return pl.concat([nothing, *found]).drop_nulls("item").unique().sort("item")


def _named(rows: Glimpsed | ChangesFile, columns: Collection[str]) -> list[str]:
    return [name for name in dict.fromkeys((*KEY, "row_no", *columns)) if name in rows.columns]


@dataclass(frozen=True)
class Glimpsed:
    """A whole snapshot's file, of which only what is asked for is read."""

    path: Path

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """Return its columns' names."""
        return tuple(pl.read_parquet_schema(self.path))

    def of(self, names: Iterable[str]) -> pl.DataFrame:
        """Return some columns of all rows."""
        return pl.scan_parquet(self.path).select(name for name in names if name in self.columns).collect()

    def at(self, places: pl.Series, names: Iterable[str]) -> pl.DataFrame:
        """Return some columns of the rows at these places."""
        if places.len() == 1:  # of one item in twenty cities, each has one row: no other is decoded
            return pl.scan_parquet(self.path).slice(int(places[0]), 1).select(names).collect()
        rows = pl.scan_parquet(self.path, row_index_name=AT)
        return rows.filter(pl.col(AT).is_in(places.implode())).select(names).collect()

    def where(self, condition: pl.Expr, names: Iterable[str]) -> pl.DataFrame:
        """Return some columns of the rows for which a condition on their text holds."""
        # A scan that filters by a list of codes while it decodes takes ten times as long as the list looked up after.
        asked = pl.scan_parquet(self.path).select(condition.meta.root_names()).collect()
        return self.at(asked.with_row_index(AT).filter(condition).get_column(AT), names)


def _rows(path: Path) -> Glimpsed | ChangesFile | None:
    """Return a snapshot's rows, None where it was removed (retention) or lost."""
    if not path.is_file():
        return None
    return Glimpsed(path) if rests_on(path.name) is None else _changes(path)


@lru_cache(maxsize=4)
def _changes(path: Path) -> ChangesFile:
    """Return a file of changes with what it rests on, proved once: some pages of one list are asked for in a row."""
    kept = open_snapshot(path)
    if not isinstance(kept, ChangesFile):
        raise TypeError(path)
    return kept
