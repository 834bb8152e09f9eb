"""What was odd in a row that could still be compared: unreadable numbers, codes with blanks, former divisions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from citysync.domain import items
from citysync.domain.city import City
from citysync.domain.findings import PLACE
from citysync.domain.items import Kind
from schemas import casting, cleaning
from schemas.reading import text_of
from schemas.rules import SENT, sent

NOTES: dict[str, pl.DataType] = {"check": pl.String(), **PLACE}
_ODD = {"text_cleaned": cleaning.UNCLEAN, "text_deceptive": cleaning.DECEPTIVE}
_DECIMAL = r"^[0-9]+\.0+(?:[^0-9]|$)"
_FOLDABLE = "[^!-~]"  # folding leaves printed ASCII alone


def notes(rows: pl.DataFrame, city: City, columns: Sequence[str], heirs: Mapping[str, str]) -> pl.DataFrame:
    """Return the frame NOTES about accepted rows, each note once, in a fixed order.

    ``rows``: rows with both sides, twins included, so that which twin is kept changes nothing; ``heirs``: codes of
    divisions that are no more → the region each was read as.
    """
    parts, rows_of = [_of_texts(rows, city, columns), _succeeded(rows, city, heirs)], rows.lazy()
    numbers = [name for name in columns if items.COLUMNS[name].kind in {Kind.INTEGER, Kind.DAYS}]
    pointed = cleaning.with_any(rows, [sent(name) for name in numbers], r"\.")
    parts += [_with_decimals(rows, name, city) for name in numbers if SENT + name in pointed]
    for name in columns:
        kind = items.COLUMNS[name].kind
        if kind in casting.EXPECTED:
            unread = rows_of.filter(text_of(name, city).is_not_null() & pl.col(name).is_null())
            parts.append(_noted(unread, "value_unreadable", name, pl.lit(casting.EXPECTED[kind])))
        elif kind is Kind.CODE and name not in city.values:
            cleaned = casting.code(sent(name))
            suspects = rows_of.filter(sent(name).str.contains(_FOLDABLE))
            parts.append(_noted(suspects.filter(cleaned != sent(name)), "code_cleaned", name, cleaned))
    return pl.concat([pl.DataFrame(schema=NOTES), *pl.collect_all(parts)]).unique().sort(list(NOTES))


def _with_decimals(rows: pl.DataFrame, name: str, city: City) -> pl.LazyFrame:
    """Return one note about a column whose whole numbers are written with decimals (``20.0``): it is the source's."""
    written = text_of(name, city)
    decimal = written.str.contains(_DECIMAL) & pl.col(name).is_not_null()
    told = rows.lazy().filter(decimal).select(pl.col(name).alias("read"), written.alias("actual"))
    first = told.sort("actual", "read").head(1)
    nothing = {column: pl.lit(None, pl.String) for column in ("task_code", "task_handle_item", "catalog_code")}
    return first.select(
        **nothing,
        areacode=pl.lit(None, pl.String),
        check=pl.lit("number_decimal"),
        field=pl.lit(name),
        expected=pl.col("read").cast(pl.String),
        actual="actual",
    ).select(list(NOTES))


def _succeeded(rows: pl.DataFrame, city: City, heirs: Mapping[str, str]) -> pl.LazyFrame:
    """Return the notes about rows that still name a division by the code it had once."""
    division = casting.code(text_of("areacode", city)).str.head(6)
    read = division.replace_strict(heirs, default=None, return_dtype=pl.String)
    named = rows.lazy().filter(read == pl.col("areacode"))
    return _noted(named, "areacode_succeeded", "areacode", pl.col("areacode"))


def _of_texts(rows: pl.DataFrame, city: City, columns: Sequence[str]) -> pl.LazyFrame:
    """Return the notes about texts that were cleaned, or look like others."""
    names = [name for name in columns if items.COLUMNS[name].kind is Kind.TEXT and name not in city.values]
    marked = {name: cleaning.with_any(rows, [sent(one) for one in names], pattern) for name, pattern in _ODD.items()}
    parts = [
        _noted(rows.lazy().filter(sent(name) != pl.col(name)), "text_cleaned", name, pl.col(name))
        for name in names
        if SENT + name in marked["text_cleaned"]
    ]
    parts += [
        _noted(rows.lazy().filter(cleaning.deceptive(sent(name))), "text_deceptive", name, pl.col(name))
        for name in names
        if SENT + name in marked["text_deceptive"]
    ]
    return pl.concat([pl.LazyFrame(schema=NOTES), *parts])


def _noted(rows: pl.LazyFrame, check: str, field: str, expected: pl.Expr) -> pl.LazyFrame:
    return rows.select(
        "task_code",
        "task_handle_item",
        "catalog_code",
        "areacode",
        check=pl.lit(check),
        field=pl.lit(field),
        expected=expected,
        actual=sent(field),
    ).select(list(NOTES))
