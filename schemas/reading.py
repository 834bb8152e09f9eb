"""From rows as sent to typed rows: values mapped, texts cast, what the code already says filled in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import polars as pl

from citysync.domain import codes, items
from citysync.domain.city import City
from citysync.domain.items import Kind
from citysync.domain.vocabulary import DAY_UNIT_COLUMN
from schemas import casting, cleaning, values
from schemas.looks import Looks, look
from schemas.rules import SENT, WHOLE_CODE, sent

_ONLY_PADDED = r"^[0-9]{6}(?:000|000000)$"  # 440300000000: township and village left open


def typed_rows(
    rows: pl.DataFrame, looks: Looks, city: City, regions: Sequence[str], heirs: Mapping[str, str]
) -> pl.DataFrame:
    """Return ``row_no``, ``page_no``, every canonical column twice (as sent, and typed), and the whole code.

    ``rows``, ``looks``: as ``look`` returned them; ``heirs``: codes of divisions that are no more → the region that
    stands for each. Nothing is judged here: what cannot be read is null, and rules and notes compare the two sides.
    """
    places = (pl.col("row_no").cast(pl.Int64), pl.col("page_no").cast(pl.Int64))
    read = _read(rows.select(*places, *_sent(rows, items.NAMES)), looks, city, items.NAMES)
    filled = read.with_columns(pl.col("task_code").alias(WHOLE_CODE), *_units(city, looks))
    parted = filled if city.codes.scheme == "local" else _parted(filled)
    return parted.with_columns(_areacode(city, regions, heirs))


def typed_keys(rows: pl.DataFrame, city: City) -> pl.DataFrame:
    """Return ``row_no`` and the key of every row, as ``typed_rows`` has them, and nothing else."""
    shown, looks = look(rows.select("row_no", *(name for name in items.KEY if name in rows.columns)), city)
    read = _read(shown.select(pl.col("row_no").cast(pl.Int64), *_sent(shown, items.KEY)), looks, city, items.KEY)
    if city.codes.scheme == "local":
        return read.select("row_no", *items.KEY)
    split = read.with_columns(pl.col("task_code").alias(WHOLE_CODE)).with_columns(**_split())
    return split.select("row_no", *items.KEY)


def text_of(name: str, city: City, sent: pl.Expr) -> pl.Expr:
    """Return the text a typed value is read from: after the value map, "no day" words taken for nothing."""
    text = values.text_of(name, city, sent)
    if items.COLUMNS[name].kind is not Kind.DATE:
        return text
    return pl.when(~casting.is_no_day(text).fill_null(value=False)).then(text)


def _sent(rows: pl.DataFrame, names: Sequence[str]) -> Iterator[pl.Expr]:
    for name in names:
        yield (pl.col(name) if name in rows.columns else pl.lit(None, pl.String)).alias(SENT + name)


def _read(as_sent: pl.DataFrame, looks: Looks, city: City, names: Sequence[str]) -> pl.DataFrame:
    """Return rows as sent with the typed columns beside them."""
    meant = looks.distinct.with_columns(
        casting.typed(items.COLUMNS[name].kind, text_of(name, city, pl.col(name))).alias(name)
        for name in looks.distinct.columns
    )
    return as_sent.with_columns(_typed(name, city, looks, meant, as_sent).alias(name) for name in names)


def _typed(name: str, city: City, looks: Looks, meant: pl.DataFrame, as_sent: pl.DataFrame) -> pl.Expr:
    """Return the expression of a typed column: nothing where it is absent, itself where nothing in it is odd."""
    kind = items.COLUMNS[name].kind
    if name in looks.distinct.columns:
        return looks.read(name, sent(name), meant[name])
    if as_sent[SENT + name].null_count() == as_sent.height:
        return pl.lit(None, casting.DTYPES.get(kind, pl.String()))
    if name not in looks.odd:
        return sent(name)
    text = cleaning.cleaned(sent(name)) if kind is Kind.TEXT else sent(name)
    return casting.typed(kind, values.text_of(name, city, text))


def _units(city: City, looks: Looks) -> list[pl.Expr]:
    """Return the unit columns, filled from ``30(工作日)`` where the city sends none."""
    units = {days: unit for days, unit in DAY_UNIT_COLUMN.items() if days in looks.distinct.columns}
    told = looks.distinct.with_columns(
        casting.day_unit(values.text_of(days, city, pl.col(days))).alias(days) for days in units
    )
    return [
        pl.coalesce(unit, looks.read(days, sent(days), told[days])).alias(unit)
        for days, unit in units.items()
        if told[days].null_count() < told.height
    ]


def _parted(rows: pl.DataFrame) -> pl.DataFrame:
    """Split a 33-character code, and derive from its 31 what the source does not send; what it sends stays."""
    short = codes.task_code_part(pl.col(WHOLE_CODE))
    return rows.with_columns(
        **_split(),
        dept_code=pl.coalesce("dept_code", codes.uscc_part(short)),
        use_level=pl.coalesce("use_level", codes.level_part(short)),
        catalog_code=pl.coalesce("catalog_code", codes.catalog_part(short)),
    )


def _split() -> dict[str, pl.Expr]:
    """Return both parts of a row's key, which a source may send as one code."""
    whole = pl.col(WHOLE_CODE)
    return {
        "task_code": codes.task_code_part(whole),
        "task_handle_item": pl.coalesce("task_handle_item", codes.handle_item_part(whole)),
    }


def _areacode(city: City, regions: Sequence[str], heirs: Mapping[str, str]) -> pl.Expr:
    def given(code: pl.Expr) -> pl.Expr:
        return pl.when(code.str.contains(_ONLY_PADDED)).then(code.str.slice(0, 6)).otherwise(code).replace(heirs)

    def inside(part: pl.Expr) -> pl.Expr:
        region = part.replace(heirs)
        return pl.when(region.is_in(list(regions))).then(region)

    told = casting.by_distinct(pl.col("areacode"), given, pl.String())
    division = codes.division_part(pl.col("task_code"))
    own = [] if city.codes.scheme == "local" else [casting.by_distinct(division, inside, pl.String())]
    return pl.coalesce(told, *own, pl.lit(city.code)).alias("areacode")
