"""Labels and hints of the notes validation makes: what was odd in a row that could still be compared.

They are no checks (they look at what was sent, before it is typed) and become findings beside those of the checks.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import polars as pl

from citysync.domain import codes
from citysync.domain.findings import Severity
from citysync.domain.successions import told
from citysync.domain.verdict import Fault
from citysync.reconciliation.checks import all_checks


@dataclass(frozen=True, slots=True)
class Note:
    """How a note is shown; the names are those of the constants of a check.

    ``REMARK``: what to add to the hint of each place, from the places.
    """

    LABEL: str
    SEVERITY: Severity
    HINT: str
    REMEDY: str
    FAULT: Fault = Fault.DATA
    GRACED: bool = False
    REMARK: Callable[[pl.DataFrame], pl.Series] | None = None


def _what_became(places: pl.DataFrame) -> pl.Series:
    sent = places.select(codes.folded(pl.col("actual")).str.head(6)).to_series()
    facts = {code: f"（{told(code)}）" for code in sent.unique() if told(code)}
    return sent.replace_strict(facts, default=None, return_dtype=pl.String)


NOTES: dict[str, Note] = {
    "value_unreadable": Note(
        LABEL="无法读取",
        SEVERITY=Severity.WARNING,
        HINT="“{label}”的值“{actual}”读不出来，已按空处理：应为{expected}，请改正",
        REMEDY="请按要求的格式填写",
    ),
    "number_decimal": Note(
        LABEL="整数写成小数",
        SEVERITY=Severity.COSMETIC,
        HINT="来源把“{label}”的整数写成小数（如“{actual}”），已按“{expected}”处理：请在源系统中按整数导出",
        REMEDY="请按整数导出",
    ),
    "code_cleaned": Note(
        LABEL="编码已清理",
        SEVERITY=Severity.COSMETIC,
        HINT="“{label}”含有全角、空格或不可见字符，已按“{expected}”处理：请在源系统中改正",
        REMEDY="请在源系统中清理编码",
    ),
    "text_cleaned": Note(
        LABEL="文字已规范化",
        SEVERITY=Severity.COSMETIC,
        HINT="“{label}”含有不可见字符、私用区字符或转义，已按“{expected}”处理：请在源系统中改正",
        REMEDY="请在源系统中清理文字",
    ),
    "text_deceptive": Note(
        LABEL="疑似伪装字符",
        SEVERITY=Severity.WARNING,
        HINT="“{label}”含有改变阅读方向的字符，或形似拉丁字母的希腊、西里尔字母：“{actual}”，请核实来源并改正",
        REMEDY="请核实来源，改用普通字符",
    ),
    "areacode_succeeded": Note(
        LABEL="区划已变更",
        SEVERITY=Severity.WARNING,
        HINT="“{label}”的“{actual}”已停用，核对按“{expected}”进行：请改为“{expected}”",
        REMEDY="请改用现行的行政区划代码",
        REMARK=_what_became,
    ),
}


def labels() -> dict[str, str]:
    """Return the Chinese word for every check and note a finding may carry, by name."""
    words = {name: str(module.LABEL) for name, module in all_checks().items()}
    return words | {name: note.LABEL for name, note in NOTES.items()}
