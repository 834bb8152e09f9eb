"""要跑现场的事项是否没有说明必须现场办理的原因？"""

from __future__ import annotations

import polars as pl

from citysync.domain.findings import Severity
from citysync.domain.verdict import Axis, Fault
from citysync.reconciliation.match import Match
from citysync.reconciliation.places import at_rows

LABEL = "跑现场无说明"
SEVERITY = Severity.WARNING
FAULT = Fault.DATA
AXIS = Axis.VALID
GRACED = False
HINT = "到办事现场次数不为 0：请填写“{label}”"
REMEDY = "请填写必须现场办理的原因"


def find(match: Match) -> pl.DataFrame:
    """Return one finding per row with visits and no explanation."""
    rows = match.judged if match.has("limit_scene_explain") else match.judged.clear()
    visits, explained = pl.col("limit_scene_num"), pl.col("limit_scene_explain")
    return at_rows(rows.filter((visits > 0) & explained.is_null()), "limit_scene_explain")
