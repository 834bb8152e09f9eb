"""The table of findings: one row per difference, with everything a city needs to act on it."""

from __future__ import annotations

from enum import StrEnum
from functools import cache

import polars as pl


class Severity(StrEnum):
    """How much a finding weighs; only errors can flag a city."""

    ERROR = "error"
    WARNING = "warning"
    COSMETIC = "cosmetic"


SEVERITY_LABELS = {Severity.ERROR: "错误", Severity.WARNING: "提示", Severity.COSMETIC: "书写差异"}

# What a check returns: where it is, what should stand there, what does. Null where it does not apply.
PLACE: dict[str, pl.DataType] = {
    "task_code": pl.String(),
    "task_handle_item": pl.String(),
    "catalog_code": pl.String(),
    "areacode": pl.String(),
    "field": pl.String(),
    "expected": pl.String(),
    "actual": pl.String(),
}

FINDINGS: dict[str, pl.DataType] = {
    "check": pl.String(),
    "severity": pl.String(),
    "fault": pl.String(),
    "suspected": pl.Boolean(),
    **PLACE,
    "due_on": pl.Date(),
    "exempt_reason": pl.String(),
    "hint": pl.String(),
}

REJECTIONS: dict[str, pl.DataType] = {
    "row_no": pl.Int64(),
    "task_code": pl.String(),
    "field": pl.String(),
    "rule": pl.String(),
    "value": pl.String(),
    "expected": pl.String(),
    "hint": pl.String(),
}


# Why a row was rejected, as people read it.
RULE_LABELS: dict[str, str] = {
    "task_code_missing": "缺实施编码",
    "task_code_malformed": "实施编码不合规",
    "task_name_missing": "缺事项名称",
    "task_type_missing": "缺事项类型",
    "value_unlisted": "取值不在代码表中",
    "areacode_foreign": "不是本市的区划",
    "catalog_code_missing": "缺基本编码",
    "catalog_code_malformed": "基本编码不合规",
    "code_damaged": "编码已损坏",
    "text_garbled": "乱码",
    "value_nested": "结构不符",
    "test_data": "测试数据",
    "line_broken": "残缺的行",
}


def no_findings() -> pl.DataFrame:
    """Return the empty table of findings."""
    return pl.DataFrame(schema=FINDINGS)


def no_places() -> pl.DataFrame:
    """Return what a check returns when it finds nothing."""
    return _no_places().clone()


@cache
def _no_places() -> pl.DataFrame:
    return pl.DataFrame(schema=PLACE)


def no_rejections() -> pl.DataFrame:
    """Return the empty table of rejections."""
    return pl.DataFrame(schema=REJECTIONS)
