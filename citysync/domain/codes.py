r"""The field's codes as polars expressions over whole columns.

实施编码 ``task_code`` 31 = 统一社会信用代码 18 + 行使层级 1 + 基本编码 12;
业务办理项编码 ``task_handle_item`` 33 = 31 + 2;
基本编码 ``catalog_code`` 12 = 省 2 + 类型 2 + 部门 2 + 主项 3 + 子项 3, a main item with sub-items ending in ``00Y``.
Patterns are written ``[0-9]``: ``\d`` also matches full-width digits.
"""

from __future__ import annotations

import re

import polars as pl

TASK_CODE = r"^[0-9A-Z]{18}[1-6][0-9A-Z]{12}$"
TASK_CODE_OR_HANDLE_ITEM = r"^[0-9A-Z]{18}[1-6][0-9A-Z]{12}([0-9A-Z]{2})?$"
CATALOG_CODE = r"^[0-9A-Z]{12}$"
DIVISION = r"^[0-9]{6}$"
MAIN_ITEM_SUFFIX = "00Y"
HANDLE_ITEM_LENGTH = 33

_USCC = re.compile("[0-9]{8}[0-9A-HJ-NPQRTUWXY]{10}")
_USCC_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"  # GB 32100-2015: no I O S V Z
_USCC_VALUES = {letter: value for value, letter in enumerate(_USCC_ALPHABET)}
_USCC_WEIGHTS = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)
_INVISIBLE = r"[\s\u00ad\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]"

_STRANGE = "[^!-~]"  # anything but printable ASCII, in which nothing is wide, blank or invisible


def folded(code: pl.Expr) -> pl.Expr:
    """Return codes with full-width characters folded and blanks and invisible characters removed.

    Control characters stay: a code with one is no code.
    """
    return code.map_batches(_folded, return_dtype=pl.String, is_elementwise=True)


def _folded(values: pl.Series) -> pl.Series:
    """Fold a column where any value has anything to fold: most have none, and looking costs a sixth of folding."""
    if not values.str.contains(_STRANGE).any():
        return values
    return values.str.normalize("NFKC").str.replace_all(_INVISIBLE, "")


def task_code_part(code: pl.Expr) -> pl.Expr:
    """Return the 31-character 实施编码 of a value that may be a 33-character 业务办理项编码."""
    return code.str.slice(0, 31)


def handle_item_part(code: pl.Expr) -> pl.Expr:
    """Return a value that is a 33-character 业务办理项编码, null where it is not that long."""
    return pl.when(code.str.len_chars() == HANDLE_ITEM_LENGTH).then(code)


def uscc_part(task_code: pl.Expr) -> pl.Expr:
    """Return characters 1–18: the body's 统一社会信用代码."""
    return task_code.str.slice(0, 18)


def level_part(task_code: pl.Expr) -> pl.Expr:
    """Return character 19: 行使层级."""
    return task_code.str.slice(18, 1)


def catalog_part(task_code: pl.Expr) -> pl.Expr:
    """Return characters 20–31: 基本编码."""
    return task_code.str.slice(19, 12)


def division_part(task_code: pl.Expr) -> pl.Expr:
    """Return characters 3–8: the division inside the body's code, which is not always where the item is handled."""
    return task_code.str.slice(2, 6)


def uscc_valid(code: str) -> bool:
    """Return whether a text is a 统一社会信用代码 with the right check character (GB 32100-2015).

    A quick twin of ``stdnum.cn.uscc.is_valid`` for ASCII, proved equal to it in the tests.
    """
    if _USCC.fullmatch(code) is None:
        return False
    total = sum(_USCC_VALUES[letter] * weight for letter, weight in zip(code, _USCC_WEIGHTS, strict=False))
    return (31 - total % 31) % 31 == _USCC_VALUES[code[-1]]
