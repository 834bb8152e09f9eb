"""网上办理深度: three scales that must never be compared with each other.

``gd``: 一级 < 二级 < 三级 (广东省网上办事大厅建设规范 2013); ``ordinal``: Ⅰ级 < … < Ⅳ级, 全程网办 being Ⅳ级;
``national``: several digits in any order (GB/T 39554), compared by the highest step reached; 9 其他 is no step.
"""

from __future__ import annotations

import polars as pl

from citysync.reconciliation.normalise import normalised

GD, ORDINAL, NATIONAL = "gd", "ordinal", "national"

_GD_STEPS = {"一级": 1, "二级": 2, "三级": 3}
_NUMERALS = {1: ("Ⅰ", "I"), 2: ("Ⅱ", "II"), 3: ("Ⅲ", "III"), 4: ("Ⅳ", "IV")}
_ORDINAL_STEPS = {f"{numeral}级": step for step, numerals in _NUMERALS.items() for numeral in numerals} | {
    "全程网办": 4,
    "全程网办(Ⅳ级)": 4,
    "全程网办(IV级)": 4,
}
_NATIONAL = "^[1-79](,[1-79])*$"
_SEPARATORS = "[、;]"
_MAX_VISITS = {(GD, 2): 2, (GD, 3): 1, (ORDINAL, 4): 0}


def beside(rows: pl.DataFrame, column: str) -> pl.DataFrame:
    """Return rows with ``<column>_scale`` (gd, ordinal, national) and ``<column>_step`` (Int64) of a depth.

    Both are null for a text of no scale (四级 alone, 9 alone). Few different depths occur: each is read once.
    """
    text = normalised(pl.col(column)).str.replace_all(_SEPARATORS, ",")
    known = rows.select(column).drop_nulls().unique().with_columns(text=text)
    read = known.select(column, _scale().alias(f"{column}_scale"), _step().alias(f"{column}_step"))
    return rows.join(read, on=column, how="left")


def max_visits(column: str) -> pl.Expr:
    """Return how many visits a depth beside which its scale and step stand allows (Int64); null: nothing is said.

    广东省网上办事大厅建设规范 (2013): 二级 at most 2, 三级 at most 1; 全程网办 means none.
    """
    limits = {f"{scale} {step}": visits for (scale, step), visits in _MAX_VISITS.items()}
    place = pl.format("{} {}", f"{column}_scale", f"{column}_step")
    return place.replace_strict(limits, default=None, return_dtype=pl.Int64)


def _scale() -> pl.Expr:
    text = pl.col("text")
    return (
        pl.when(text.is_in(list(_GD_STEPS)))
        .then(pl.lit(GD))
        .when(text.is_in(list(_ORDINAL_STEPS)))
        .then(pl.lit(ORDINAL))
        .when(text.str.contains(_NATIONAL) & _highest_digit().is_not_null())
        .then(pl.lit(NATIONAL))
    )


def _step() -> pl.Expr:
    named = pl.col("text").replace_strict(_GD_STEPS | _ORDINAL_STEPS, default=None, return_dtype=pl.Int64)
    return pl.coalesce(named, pl.when(pl.col("text").str.contains(_NATIONAL)).then(_highest_digit()))


def _highest_digit() -> pl.Expr:
    """Return the highest step named; 9 其他 is none."""
    return pl.col("text").str.extract_all("[1-7]").list.max().cast(pl.Int64)
