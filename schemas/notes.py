"""What was odd in a row that could still be compared: unreadable numbers, codes with blanks, former divisions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import polars as pl

from citysync.domain import items
from citysync.domain.city import City
from citysync.domain.findings import PLACE
from citysync.domain.items import Kind
from schemas import casting, cleaning
from schemas.looks import FOLDABLE, Looks
from schemas.reading import text_of
from schemas.rules import SENT, sent

NOTES: dict[str, pl.DataType] = {"check": pl.String(), **PLACE}
_ODD = {"text_cleaned": cleaning.UNCLEAN, "text_deceptive": cleaning.DECEPTIVE}
_DECIMAL = r"^[0-9]+\.0+(?:[^0-9]|$)"


def notes(
    rows: pl.DataFrame, looks: Looks, city: City, columns: Sequence[str], heirs: Mapping[str, str]
) -> pl.DataFrame:
    """Return the frame NOTES about accepted rows, each note once, in a fixed order.

    ``rows``: rows with both sides, twins included, so that which twin is kept changes nothing; ``looks``: what was seen
    of their columns; ``heirs``: codes of divisions that are no more → the region each was read as.
    """
    parts = [_with_decimals(rows, name, city) for name in looks.with_points]
    parts += [*_of_codes(rows, looks, columns), *_of_texts(rows, looks, columns), *_unreadable(rows, looks, city)]
    if heirs and "areacode" in columns:
        parts.append(_succeeded(rows, city, heirs))
    return pl.concat([pl.DataFrame(schema=NOTES), *pl.collect_all(parts)]).unique().sort(list(NOTES))


def _unreadable(rows: pl.DataFrame, looks: Looks, city: City) -> Iterator[pl.LazyFrame]:
    """Yield the notes about numbers and days that cannot be read: there is a text, and nothing came of it."""
    kinds = {name: items.COLUMNS[name].kind for name in looks.distinct.columns}
    lost = [
        name
        for name, kind in kinds.items()
        if kind in casting.EXPECTED and rows[name].null_count() != rows[SENT + name].null_count()
    ]
    texts = looks.distinct.with_columns(text_of(name, city, pl.col(name)).alias(name) for name in lost)
    read = texts.with_columns(casting.typed(kinds[name], pl.col(name)).alias(name) for name in lost)
    for name in lost:
        unread = looks.distinct[name].filter(texts[name].is_not_null() & read[name].is_null())
        named = rows.lazy().filter(sent(name).is_in(unread.implode()))
        yield _noted(named, "value_unreadable", name, pl.lit(casting.EXPECTED[kinds[name]]))


def _of_codes(rows: pl.DataFrame, looks: Looks, columns: Sequence[str]) -> Iterator[pl.LazyFrame]:
    """Yield the notes about codes that were folded: full-width characters, blanks, invisible characters."""
    for name in columns:
        if name in looks.odd and items.COLUMNS[name].kind is Kind.CODE:
            cleaned = casting.code(sent(name))
            suspects = rows.lazy().filter(sent(name).str.contains(FOLDABLE))
            yield _noted(suspects.filter(cleaned != sent(name)), "code_cleaned", name, cleaned)


def _with_decimals(rows: pl.DataFrame, name: str, city: City) -> pl.LazyFrame:
    """Return one note about a column whose whole numbers are written with decimals (``20.0``): it is the source's."""
    written = text_of(name, city, sent(name))
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

    def heir(text: pl.Expr) -> pl.Expr:
        division = casting.code(text_of("areacode", city, text)).str.head(6)
        return division.replace_strict(heirs, default=None, return_dtype=pl.String)

    read = casting.by_distinct(sent("areacode"), heir, pl.String())
    return _noted(rows.lazy().filter(read == pl.col("areacode")), "areacode_succeeded", "areacode", pl.col("areacode"))


def _of_texts(rows: pl.DataFrame, looks: Looks, columns: Sequence[str]) -> Iterator[pl.LazyFrame]:
    """Yield the notes about texts that were cleaned, or look like others."""
    names = [name for name in columns if name in looks.odd and items.COLUMNS[name].kind is Kind.TEXT]
    marked = {name: cleaning.with_any(rows, [sent(one) for one in names], pattern) for name, pattern in _ODD.items()}
    for name in names:
        if SENT + name in marked["text_cleaned"]:
            yield _noted(rows.lazy().filter(sent(name) != pl.col(name)), "text_cleaned", name, pl.col(name))
        if SENT + name in marked["text_deceptive"]:
            yield _noted(rows.lazy().filter(cleaning.deceptive(sent(name))), "text_deceptive", name, pl.col(name))


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
