"""How a text becomes a typed value: whole columns at a time, strictly, and null where it cannot be read."""

from __future__ import annotations

from collections.abc import Callable

import polars as pl

from citysync.domain import codes
from citysync.domain.items import Kind
from citysync.domain.vocabulary import DAY_UNITS

SEPARATORS = r"[,，、;；|]"
EXPECTED = {Kind.INTEGER: "整数", Kind.DAYS: "整数", Kind.DATE: "日期"}
DTYPES: dict[Kind, pl.DataType] = {Kind.INTEGER: pl.Int64(), Kind.DAYS: pl.Int64(), Kind.DATE: pl.Date()}

_UNSEEN = r"\s\u00ad\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\u2400-\u2421\ufeff\x00-\x1f"
_VISIBLE, BLANK = f"[^{_UNSEEN}]", f"^[{_UNSEEN}]*$"
_INTEGER = r"^([0-9]+)(?:\.0+)?$"
_UNIT = "|".join(DAY_UNITS)
_DAYS = (
    rf"^(?<count>[0-9]+)(?:\.0+)?\s*"
    rf"(?:个?\s*(?<bare>{_UNIT})|[(（]\s*个?\s*(?<bracketed>{_UNIT})\s*[)）])?$"
)
# Four ways of writing a day. A clock behind it is dropped; a zone other than ours is refused, as it may be another day.
_CLOCK = r"[ T]+[0-9]{1,2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?(?:\+08:?00)?"
_DATE = (
    r"^([0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9]{8}|[0-9]{4}/[0-9]{1,2}/[0-9]{1,2}|[0-9]{4}年[0-9]{1,2}月[0-9]{1,2}日)"
    rf"(?:{_CLOCK})?$"
)
_COMPACT = r"^([0-9]{8})[0-9]{6}$"  # 20240209123000
_NO_DAY = r"^(?:0000-?0{1,2}-?0{1,2}|9999-?12-?31|1970-?0?1-?0?1)$"  # what databases write for "no day"


def stripped(text: pl.Expr) -> pl.Expr:
    """Return a text without the blanks around it; a text without anything visible is null."""
    return pl.when(text.str.contains(_VISIBLE)).then(text.str.strip_chars())


def code(text: pl.Expr) -> pl.Expr:
    """Return a code folded to plain characters; one of which nothing is left is null."""
    folded = codes.folded(text)
    return pl.when(folded != "").then(folded)


def typed(kind: Kind, text: pl.Expr) -> pl.Expr:
    """Return a stripped text as its kind wants it: text, code, Int64 or Date; null where it cannot be read."""
    readers = {Kind.CODE: code, Kind.INTEGER: integer, Kind.DAYS: days, Kind.DATE: day}
    return readers[kind](text) if kind in readers else text


def integer(text: pl.Expr) -> pl.Expr:
    """Return a whole number, 0 or more, as Int64: ``3``, ``3.0``."""
    return text.str.extract(_INTEGER, 1).cast(pl.Int64, strict=False)


def days(text: pl.Expr) -> pl.Expr:
    """Return a number of days as Int64, its unit left to ``day_unit``: ``30``, ``30(工作日)``, ``20个工作日``."""
    return text.str.extract_groups(_DAYS).struct.field("count").cast(pl.Int64, strict=False)


def day_unit(text: pl.Expr) -> pl.Expr:
    """Return the code of the unit written behind a number of days; null where none is."""
    groups = text.str.extract_groups(_DAYS).struct
    return pl.coalesce(groups.field("bare"), groups.field("bracketed")).replace_strict(
        DAY_UNITS, default=None, return_dtype=pl.String
    )


def day(text: pl.Expr) -> pl.Expr:
    """Return a calendar day; null where the text is none, or says that there is none."""
    written = _written(text)
    real = pl.when(~(written.str.contains(_NO_DAY) | written.str.starts_with("0000"))).then(written)
    return pl.coalesce(real.str.to_date("%Y-%m-%d", strict=False), real.str.to_date("%Y%m%d", strict=False))


def is_no_day(text: pl.Expr) -> pl.Expr:
    """Return whether the text is what databases write for "no day" (0000-00-00, 9999-12-31, 1970-01-01)."""
    return _written(text).str.contains(_NO_DAY)


def _written(text: pl.Expr) -> pl.Expr:
    """Return the day alone, ``2024-2-9`` or ``20240209``; null where it is written in no way we read."""
    alone = pl.coalesce(text.str.extract(_DATE, 1), text.str.extract(_COMPACT, 1))
    return alone.str.strip_suffix("日").str.replace_all("[年月/]", "-")


def by_distinct(text: pl.Expr, read: Callable[[pl.Expr], pl.Expr], dtype: pl.DataType) -> pl.Expr:
    """Return ``read(text)``, worked out once per distinct text: a column of codes has few, and lists are dear."""

    def over(texts: pl.Series) -> pl.Series:
        distinct = texts.drop_nulls().unique().alias("text")
        meant = distinct.to_frame().select(read(pl.col("text")).alias("meant")).to_series()
        if distinct.is_empty():
            return pl.repeat(None, len(texts), dtype=dtype, eager=True)
        if meant.dtype == texts.dtype and meant.equals(distinct):
            return texts
        return texts.replace_strict(distinct, meant, default=None, return_dtype=dtype)

    return text.map_batches(over, return_dtype=dtype)
