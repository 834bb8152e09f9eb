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


def scale(depth: pl.Expr) -> pl.Expr:
    """Return which scale a depth is written in; null for a text of none (四级 alone, 9 alone)."""
    text = _readable(depth)
    return (
        pl.when(text.is_in(list(_GD_STEPS)))
        .then(pl.lit(GD))
        .when(text.is_in(list(_ORDINAL_STEPS)))
        .then(pl.lit(ORDINAL))
        .when(_national_step(text).is_not_null())
        .then(pl.lit(NATIONAL))
    )


def step(depth: pl.Expr) -> pl.Expr:
    """Return the step a depth reaches on its own scale (Int64); null for a text of none."""
    text = _readable(depth)
    return pl.coalesce(
        text.replace_strict(_GD_STEPS | _ORDINAL_STEPS, default=None, return_dtype=pl.Int64),
        _national_step(text),
    )


def max_visits(depth: pl.Expr) -> pl.Expr:
    """Return how many visits a depth allows (Int64); null where its scale says nothing.

    广东省网上办事大厅建设规范 (2013): 二级 at most 2, 三级 at most 1; 全程网办 means none.
    """
    allowed = pl.lit(None, dtype=pl.Int64)
    for (name, reached), visits in _MAX_VISITS.items():
        allowed = (
            pl.when((scale(depth) == name) & (step(depth) == reached))
            .then(pl.lit(visits, dtype=pl.Int64))
            .otherwise(allowed)
        )
    return allowed


def _readable(depth: pl.Expr) -> pl.Expr:
    return normalised(depth).str.replace_all(_SEPARATORS, ",")


def _national_step(text: pl.Expr) -> pl.Expr:
    reached = pl.max_horizontal(
        *(
            pl.when(text.str.contains(str(digit), literal=True)).then(pl.lit(digit, dtype=pl.Int64))
            for digit in range(1, 8)
        )
    )
    return pl.when(text.str.contains(_NATIONAL)).then(reached)
