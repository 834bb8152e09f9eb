"""零跑动又不能网办的事项，是否没有提供快递申请？"""

from __future__ import annotations

import polars as pl

from citysync.domain.findings import Severity
from citysync.domain.verdict import Axis, Fault
from citysync.reconciliation.match import Match
from citysync.reconciliation.places import at_rows

LABEL = "零跑动缺快递"
SEVERITY = Severity.WARNING
FAULT = Fault.DATA
AXIS = Axis.VALID
GRACED = False
HINT = "到办事现场次数为 0 且不能网办：“{label}”（现为 {actual}）应包含 {expected}（快递申请），或改正次数"
REMEDY = "请开通快递申请或改正到现场次数"

POST = "3"  # handle_type 快递申请


def find(match: Match) -> pl.DataFrame:
    """Return one finding per row whose 办理形式 was sent without 3 快递申请."""
    ways, sent = pl.col("handle_type"), match.judged.get_column("handle_type").unique()
    without = sent.filter(~sent.str.split(",").list.contains(POST))  # few: each is taken apart once
    unaided = (pl.col("limit_scene_num") == 0) & (pl.col("is_online") == "0")
    rows = match.judged.filter(unaided & ways.is_in(without.implode()))
    return at_rows(rows, "handle_type", expected=pl.lit(POST), actual=ways)
