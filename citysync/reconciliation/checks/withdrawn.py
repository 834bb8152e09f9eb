"""省级基本目录已取消的事项，是否还在用？"""

from __future__ import annotations

import polars as pl

from citysync.domain.findings import Severity
from citysync.domain.verdict import Axis, Fault
from citysync.reconciliation.match import Match
from citysync.reconciliation.places import at_rows

LABEL = "应取消未取消"
SEVERITY = Severity.ERROR
FAULT = Fault.DATA
AXIS = Axis.CONSISTENT
GRACED = True
HINT = "基本目录已取消“{code} {name}”：把“{label}”改为“{expected}”，并下架办事指南"
REMEDY = "请取消这些事项"

CANCELLED = "3"  # task_state 取消


def find(match: Match) -> pl.DataFrame:
    """Return one finding per row in use whose master item was cancelled on or before the business date."""
    cancelled = match.paired.filter(pl.col("master_plan_cancel_date") <= match.on)
    return at_rows(cancelled, "task_state", expected=pl.lit(CANCELLED), actual=pl.col("task_state"))
