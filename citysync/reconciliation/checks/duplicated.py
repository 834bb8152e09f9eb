"""同一事项是否有多个版本在用，或同一版本有两份不同的内容？"""

from __future__ import annotations

import polars as pl

from citysync.domain import items
from citysync.domain.findings import Severity
from citysync.domain.verdict import Axis, Fault
from citysync.reconciliation.match import Match
from citysync.reconciliation.places import at_rows, together

LABEL = "重复"
SEVERITY = Severity.ERROR
FAULT = Fault.DATA
AXIS = Axis.CONSISTENT
GRACED = False
HINT = "版本 {actual} 与别的版本或另一份内容并存：保留“{label}”最高且内容正确的一条，其余改为取消"
REMEDY = "请只保留一个在用版本"


def find(match: Match) -> pl.DataFrame:
    """Return each older version still in use, and each key whose highest version came with different contents."""
    version = pl.col("task_version")
    of_each_key = match.conflicts.sort("areacode", "catalog_code").unique(items.KEY, keep="first", maintain_order=True)
    return together(
        [
            at_rows(match.superseded, "task_version", expected=pl.col("highest_version"), actual=version),
            at_rows(of_each_key, "task_version", actual=version),
        ]
    ).unique()
