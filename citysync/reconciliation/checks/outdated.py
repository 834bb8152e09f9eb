"""事项版本是否低于省级基本目录的版本？"""

from __future__ import annotations

import polars as pl

from citysync.domain.findings import Severity
from citysync.domain.verdict import Axis, Fault
from citysync.reconciliation.match import Match
from citysync.reconciliation.places import at_rows

LABEL = "版本落后"
SEVERITY = Severity.WARNING
FAULT = Fault.DATA
AXIS = Axis.CONSISTENT
GRACED = True
HINT = "“{label}”为 {actual}，基本目录已是 {expected}：请按新版本重新编制"
REMEDY = "请按新版本重新编制"


def find(match: Match) -> pl.DataFrame:
    """Return one finding per row older than the master's optional version."""
    own, master = pl.col("task_version"), pl.col("master_task_version")
    return at_rows(match.paired.filter(own < master), "task_version", expected=master, actual=own)
