"""A few rows of a snapshot, read lazily: pages show a hundred rows and must not load fifty thousand for them."""

from __future__ import annotations

from collections.abc import Collection
from functools import lru_cache
from pathlib import Path
from typing import Any

import polars as pl

from citysync.domain import codes
from citysync.domain.items import KEY

Row = dict[str, Any]
_SAYING = ("task_name", "dept_name")


def codes_saying(path: Path, text: str) -> list[str]:
    """Return the codes of the rows whose name or department holds a text, whatever its case."""
    rows = _rows(path)
    if rows is None:
        return []
    sent = rows.collect_schema().names()
    saying = [
        pl.col(name).str.to_lowercase().str.contains(text.lower(), literal=True) for name in _SAYING if name in sent
    ]
    keys = [name for name in KEY if name in sent]
    if not saying or not keys:
        return []
    found = rows.filter(pl.any_horizontal(saying)).select(keys).collect()
    return sorted({code for name in keys for code in found.get_column(name).drop_nulls()})


def rows_of_codes(path: Path, wanted: Collection[str], columns: Collection[str]) -> list[Row]:
    """Return the rows sent under some 实施编码 or 业务办理项编码, with the columns the source has (and the codes)."""
    rows = _rows(path)
    sent = [] if rows is None else rows.collect_schema().names()
    keys = [name for name in KEY if name in sent]
    if rows is None or not keys or not wanted:
        return []
    among = pl.any_horizontal(pl.col(name).is_in(list(wanted)) for name in keys)
    return _picked(rows.filter(among), sent, columns)


def rows_of_item(path: Path, catalog_code: str, columns: Collection[str]) -> list[Row]:
    """Return the rows of one 基本编码, by its own column or by its place in the 实施编码."""
    rows = _rows(path)
    sent = [] if rows is None else rows.collect_schema().names()
    if rows is None:
        return []
    numbers = _numbers_by_item(path).filter(pl.col("item") == catalog_code).get_column("row_no")
    return _picked(rows.filter(pl.col("row_no").is_in(numbers.implode())), sent, columns) if numbers.len() else []


@lru_cache(maxsize=64)
def _numbers_by_item(path: Path) -> pl.DataFrame:
    """Return ``item``, a 基本编码, and ``row_no`` of each row said to be of it; a snapshot's file never changes.

    Of other cities' items most are looked for again and again: the codes of a directory are folded once.
    """
    rows = pl.scan_parquet(path)
    sent = rows.collect_schema().names()
    said = [pl.col("catalog_code")] if "catalog_code" in sent else []
    if "task_code" in sent:
        said.append(codes.catalog_part(codes.folded(pl.col("task_code"))))
    found = [rows.select("row_no", item=each) for each in said]
    if not found:
        return pl.DataFrame(schema={"row_no": pl.Int64, "item": pl.String})
    return pl.concat(found).drop_nulls("item").unique().sort("row_no").collect()


def _picked(rows: pl.LazyFrame, sent: list[str], columns: Collection[str]) -> list[Row]:
    names = [name for name in dict.fromkeys((*KEY, "row_no", *columns)) if name in sent]
    return rows.select(names).collect().to_dicts()


def _rows(path: Path) -> pl.LazyFrame | None:
    """Return a snapshot's rows, None where it was removed (retention) or lost."""
    return pl.scan_parquet(path) if path.is_file() else None
