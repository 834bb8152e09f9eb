"""主体编码、行使层级、基本编码、业务办理项编码是否与实施编码的相应各段矛盾？"""

from __future__ import annotations

import polars as pl

from citysync.domain import codes
from citysync.domain.findings import Severity
from citysync.domain.verdict import Axis, Fault
from citysync.reconciliation.identity_applied import SENT
from citysync.reconciliation.match import Match
from citysync.reconciliation.places import at_rows, together

LABEL = "编码不一致"
SEVERITY = Severity.ERROR
FAULT = Fault.DATA
AXIS = Axis.VALID
GRACED = False
HINT = "“{label}”为“{actual}”，与实施编码不符：应为“{expected}”，请改正其中写错的一个"
REMEDY = "请使各编码与实施编码一致"


def find(match: Match) -> pl.DataFrame:
    """Return one finding per row and field; nothing for local codes, whose parts mean something else.

    GB/T 39554.1-2020: 实施编码 31 = 主体 18 + 层级 1 + 基本编码 12; 业务办理项编码 33 = 31 + 2.
    """
    rows = match.judged if match.national else match.judged.clear()
    whole = pl.col("task_code")
    parts = (
        ("dept_code", pl.col("dept_code"), codes.uscc_part(whole)),
        ("use_level", pl.col("use_level"), codes.level_part(whole)),
        ("catalog_code", pl.col(SENT), codes.catalog_part(whole)),
    )
    found = [at_rows(rows.filter(sent != part), name, expected=part, actual=sent) for name, sent, part in parts]
    handle = pl.col("task_handle_item")
    other = rows.filter(codes.task_code_part(handle) != whole)
    return together([*found, at_rows(other, "task_handle_item", expected=whole, actual=handle)])
