"""网上办理深度: three scales that must never be compared with each other.

``gd``: 一级 < 二级 < 三级 (广东省网上办事大厅建设规范 2013); ``ordinal``: Ⅰ级 < … < Ⅳ级, 全程网办 being Ⅳ级;
``national``: several digits in any order (GB/T 39554), compared by the highest step reached; 9 其他 is no step.
"""

from __future__ import annotations

import re

import polars as pl

from citysync.reconciliation.normalise import fold

GD, ORDINAL, NATIONAL = "gd", "ordinal", "national"

_GD_STEPS = {"一级": 1, "二级": 2, "三级": 3}
_NUMERALS = {1: ("Ⅰ", "I"), 2: ("Ⅱ", "II"), 3: ("Ⅲ", "III"), 4: ("Ⅳ", "IV")}
_ORDINAL_STEPS = {f"{numeral}级": step for step, numerals in _NUMERALS.items() for numeral in numerals} | {
    "全程网办": 4,
    "全程网办(Ⅳ级)": 4,
    "全程网办(IV级)": 4,
}
_NAMED = {**dict.fromkeys(_GD_STEPS, GD), **dict.fromkeys(_ORDINAL_STEPS, ORDINAL)}
_NATIONAL = re.compile("[1-79](,[1-79])*")
_SEPARATORS = str.maketrans("、;", ",,")
_READ = {"scale": pl.String(), "step": pl.Int64()}
_MAX_VISITS = {(GD, 2): 2, (GD, 3): 1, (ORDINAL, 4): 0}


def beside(rows: pl.DataFrame, column: str) -> pl.DataFrame:
    """Return rows with ``<column>_scale`` (gd, ordinal, national) and ``<column>_step`` (Int64) of a depth.

    Both are null for a text of no scale (四级 alone, 9 alone). Few different depths occur: each is read once.
    """
    known = [text for text in rows.get_column(column).unique() if text is not None]
    read = pl.DataFrame([read_depth(text) for text in known], schema=_READ, orient="row")
    read = read.select(pl.Series(column, known, dtype=pl.String), pl.all().name.prefix(f"{column}_"))
    return rows.join(read, on=column, how="left")


def read_depth(text: str) -> tuple[str | None, int | None]:
    """Return the scale and the step of one depth, None and None where it is of no scale."""
    plain = (fold(text) or "").translate(_SEPARATORS)
    if plain in _NAMED:
        return _NAMED[plain], (_GD_STEPS | _ORDINAL_STEPS)[plain]
    steps = [int(step) for step in plain.split(",") if step != "9"] if _NATIONAL.fullmatch(plain) else []
    return (NATIONAL, max(steps)) if steps else (None, None)


def max_visits(column: str) -> pl.Expr:
    """Return how many visits a depth beside which its scale and step stand allows (Int64); null: nothing is said.

    广东省网上办事大厅建设规范 (2013): 二级 at most 2, 三级 at most 1; 全程网办 means none.
    """
    limits = {f"{scale} {step}": visits for (scale, step), visits in _MAX_VISITS.items()}
    place = pl.format("{} {}", f"{column}_scale", f"{column}_step")
    return place.replace_strict(limits, default=None, return_dtype=pl.Int64)
