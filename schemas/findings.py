"""The pandera models of what goes back to a city: findings and rejections."""

from __future__ import annotations

from collections.abc import Iterable

import pandera.polars as pa
import polars as pl

from citysync.domain.findings import FINDINGS, REJECTIONS, Severity
from citysync.domain.verdict import Fault
from schemas.proof import checked

# Why a row cannot be compared at all; everything milder is a finding.
RULES = (
    "task_code_missing",
    "task_code_malformed",
    "task_name_missing",
    "task_type_missing",
    "value_unlisted",
    "areacode_foreign",
    "catalog_code_missing",
    "catalog_code_malformed",
    "code_damaged",
    "text_garbled",
    "value_nested",
    "test_data",
    "line_broken",
)
_ALWAYS_IN_FINDINGS = ("check", "severity", "fault", "suspected")
_ALWAYS_IN_REJECTIONS = ("row_no", "field", "rule", "expected", "hint")


def _model(
    name: str, dtypes: dict[str, pl.DataType], always: tuple[str, ...], lists: dict[str, Iterable[str]]
) -> pa.DataFrameSchema:
    good = {column: ("listed", pl.col(column).is_in([*values])) for column, values in lists.items()}
    columns = {
        column: checked(dtype, good.get(column), nullable=column not in always) for column, dtype in dtypes.items()
    }
    return pa.DataFrameSchema(columns, name=name, strict=True, ordered=True)


Findings = _model(
    "Findings",
    FINDINGS,
    _ALWAYS_IN_FINDINGS,
    {"severity": (one.value for one in Severity), "fault": (one.value for one in Fault)},
)
Rejections = _model("Rejections", REJECTIONS, _ALWAYS_IN_REJECTIONS, {"rule": RULES})
