"""The pandera models of what goes back to a city: findings and rejections."""

from __future__ import annotations

import pandera.polars as pa
import polars as pl

from citysync.domain.findings import FINDINGS, REJECTIONS, Severity
from citysync.domain.verdict import Fault

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
    name: str, dtypes: dict[str, pl.DataType], always: tuple[str, ...], checks: dict[str, pa.Check]
) -> pa.DataFrameSchema:
    columns = {
        column: pa.Column(dtype, checks.get(column), nullable=column not in always) for column, dtype in dtypes.items()
    }
    return pa.DataFrameSchema(columns, name=name, strict=True, ordered=True)


Findings = _model(
    "Findings",
    FINDINGS,
    _ALWAYS_IN_FINDINGS,
    {"severity": pa.Check.isin([one.value for one in Severity]), "fault": pa.Check.isin([one.value for one in Fault])},
)
Rejections = _model("Rejections", REJECTIONS, _ALWAYS_IN_REJECTIONS, {"rule": pa.Check.isin(RULES)})
