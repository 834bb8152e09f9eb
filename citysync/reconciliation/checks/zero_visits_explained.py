"""零跑动的事项是否却写了到现场办理的原因？"""

from __future__ import annotations

import polars as pl

from citysync.domain.findings import Severity
from citysync.domain.verdict import Axis, Fault
from citysync.reconciliation.match import Match
from citysync.reconciliation.places import at_rows

LABEL = "零跑动有现场说明"
SEVERITY = Severity.WARNING
FAULT = Fault.DATA
AXIS = Axis.VALID
GRACED = False
HINT = "到办事现场次数为 0，“{label}”却写着“{actual}”：请核实次数，或清空说明"
REMEDY = "请核实到现场次数与说明"


def find(match: Match) -> pl.DataFrame:
    """Return one finding per row with no visits whose explanation speaks of 现场."""
    explained = pl.col("limit_scene_explain")
    rows = match.judged.filter((pl.col("limit_scene_num") == 0) & explained.str.contains("现场", literal=True))
    return at_rows(rows, "limit_scene_explain", actual=explained)
