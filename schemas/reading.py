"""From rows as sent to typed rows: values mapped, texts cast, what the code already says filled in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from citysync.domain import codes, items
from citysync.domain.city import City
from citysync.domain.items import Kind
from citysync.domain.vocabulary import DAY_UNIT_COLUMN
from schemas import casting, cleaning, values
from schemas.rules import SENT, WHOLE_CODE, sent

_ONLY_PADDED = r"^[0-9]{6}(?:000|000000)$"  # 440300000000: township and village left open
_HANDLE_ITEM_LENGTH = 33
_TEXTS = tuple(column.name for column in items.DIRECTORY if column.kind is Kind.TEXT)


def typed_rows(rows: pl.DataFrame, city: City, regions: Sequence[str], heirs: Mapping[str, str]) -> pl.DataFrame:
    """Return ``row_no``, ``page_no``, every canonical column twice (as sent, and typed), and the whole code.

    ``heirs``: codes of divisions that are no more → the region that stands for each.
    Nothing is judged here: what cannot be read is null, and rules and notes compare the two sides.
    """
    as_sent = cleaning.visible(rows).select(
        pl.col("row_no").cast(pl.Int64),
        pl.col("page_no").cast(pl.Int64),
        *(
            (pl.col(name) if name in rows.columns else pl.lit(None, pl.String)).alias(SENT + name)
            for name in items.NAMES
        ),
    )
    unclean = cleaning.with_any(as_sent, [sent(name) for name in _TEXTS if name in rows.columns], cleaning.UNCLEAN)
    read = as_sent.with_columns(
        _typed(name, city, absent=name not in rows.columns, unclean=SENT + name in unclean) for name in items.NAMES
    )
    filled = read.with_columns(pl.col("task_code").alias(WHOLE_CODE), *_units(city))
    parted = filled if city.codes.scheme == "local" else _parted(filled)
    return parted.with_columns(_areacode(city, regions, heirs))


def typed_keys(rows: pl.DataFrame, city: City) -> pl.DataFrame:
    """Return ``row_no`` and the key of every row, as ``typed_rows`` has them, and nothing else."""
    as_sent = cleaning.visible(rows.select("row_no", *(name for name in items.KEY if name in rows.columns)))
    read = as_sent.select(
        pl.col("row_no").cast(pl.Int64),
        *((pl.col(name) if name in rows.columns else pl.lit(None, pl.String)).alias(SENT + name) for name in items.KEY),
    ).with_columns(_typed(name, city, absent=name not in rows.columns, unclean=name in _TEXTS) for name in items.KEY)
    if city.codes.scheme == "local":
        return read.select("row_no", *items.KEY)
    split = read.with_columns(pl.col("task_code").alias(WHOLE_CODE)).with_columns(**_split())
    return split.select("row_no", *items.KEY)


def text_of(name: str, city: City) -> pl.Expr:
    """Return the text a typed value is read from: after the value map, "no day" words taken for nothing."""
    text = values.text_of(name, city, sent(name))
    if items.COLUMNS[name].kind is not Kind.DATE:
        return text
    return pl.when(~casting.is_no_day(text).fill_null(value=False)).then(text)


def _typed(name: str, city: City, *, absent: bool, unclean: bool) -> pl.Expr:
    kind = items.COLUMNS[name].kind
    if absent:
        return pl.lit(None, casting.DTYPES.get(kind, pl.String())).alias(name)
    text = cleaning.cleaned(sent(name)) if unclean and name not in city.values else sent(name)
    return casting.typed(kind, values.text_of(name, city, text)).alias(name)


def _units(city: City) -> list[pl.Expr]:
    """Return the unit columns, filled from ``30(工作日)`` where the city sends none."""
    return [
        pl.coalesce(unit, casting.day_unit(values.text_of(days, city, sent(days)))).alias(unit)
        for days, unit in DAY_UNIT_COLUMN.items()
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
    handle_item = pl.when(whole.str.len_chars() == _HANDLE_ITEM_LENGTH).then(whole)
    return {
        "task_code": codes.task_code_part(whole),
        "task_handle_item": pl.coalesce("task_handle_item", handle_item),
    }


def _areacode(city: City, regions: Sequence[str], heirs: Mapping[str, str]) -> pl.Expr:
    given = pl.col("areacode")
    short = pl.when(given.str.contains(_ONLY_PADDED)).then(given.str.slice(0, 6)).otherwise(given)
    inside = codes.division_part(pl.col("task_code")).replace(heirs)
    own = pl.when(inside.is_in(list(regions))).then(inside) if city.codes.scheme != "local" else pl.lit(None, pl.String)
    return pl.coalesce(short.replace(heirs), own, pl.lit(city.code)).alias("areacode")
