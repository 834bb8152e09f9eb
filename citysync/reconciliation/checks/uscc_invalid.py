"""实施编码前 18 位是否不是有效的统一社会信用代码？"""

from __future__ import annotations

import polars as pl

from citysync.domain import codes
from citysync.domain.findings import Severity
from citysync.domain.verdict import Axis, Fault
from citysync.reconciliation.match import Match
from citysync.reconciliation.places import at_rows

LABEL = "信用代码无效"
SEVERITY = Severity.WARNING
FAULT = Fault.DATA
AXIS = Axis.VALID
GRACED = False
HINT = "实施主体的统一社会信用代码“{actual}”校验不通过：请核对；确无信用代码的主体可不改"
REMEDY = "请核对统一社会信用代码"


def find(match: Match) -> pl.DataFrame:
    """Return one finding per row; real bodies without such a code exist, so this never rejects (GB 32100-2015)."""
    rows = match.judged if match.national else match.judged.clear()
    body = codes.uscc_part(pl.col("task_code"))
    bodies = rows.select(body).to_series().unique()  # a few hundred bodies stand behind 200,000 rows
    invalid = [each for each in bodies if not codes.uscc_valid(each)]
    wrong = rows.filter(body.is_in(invalid)) if invalid else rows.clear()
    return at_rows(wrong, "dept_code", actual=body)
