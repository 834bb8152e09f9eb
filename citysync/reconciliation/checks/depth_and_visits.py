"""网上办理深度与到现场次数是否矛盾：二级不超过 2 次，三级不超过 1 次，全程网办 0 次？"""

from __future__ import annotations

import polars as pl

from citysync.domain.findings import Severity
from citysync.domain.verdict import Axis, Fault
from citysync.reconciliation import depth
from citysync.reconciliation.match import Match
from citysync.reconciliation.places import at_most, at_rows

LABEL = "深度与次数矛盾"
SEVERITY = Severity.ERROR
FAULT = Fault.DATA
AXIS = Axis.VALID
GRACED = False
HINT = "按所报网上办理深度，“{label}”应 {expected}，现为 {actual}：请核实后改正次数或深度"
REMEDY = "请核实网办深度与到现场次数"


def find(match: Match) -> pl.DataFrame:
    """Return one finding per row whose visits exceed what its depth allows (建设规范 2013)."""
    visits, allowed = pl.col("limit_scene_num"), pl.col("allowed")
    rows = match.judged.with_columns(allowed=depth.max_visits("online_handle_depth"))
    return at_rows(rows.filter(visits > allowed), "limit_scene_num", expected=at_most(allowed), actual=visits)
