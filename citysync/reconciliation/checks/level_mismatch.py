"""行使层级是否不在省级基本目录规定的层级之内？"""

from __future__ import annotations

import polars as pl

from citysync.domain.findings import Severity
from citysync.domain.verdict import Axis, Fault
from citysync.reconciliation.match import Match
from citysync.reconciliation.places import at_rows

LABEL = "层级不符"
SEVERITY = Severity.ERROR
FAULT = Fault.DATA
AXIS = Axis.CONSISTENT
GRACED = True
HINT = "“{label}”为 {actual}，基本目录规定为 {expected}：请核对实施编码第 19 位，改由规定层级的实施主体认领"
REMEDY = "请改由基本目录规定的层级认领"


def find(match: Match) -> pl.DataFrame:
    """Return one finding per row; a master item without levels checks nothing."""
    levels = pl.col("master_use_level")
    wrong = match.paired.filter((levels.list.len() > 0) & ~levels.list.contains(pl.col("use_level")))
    return at_rows(wrong, "use_level", expected=levels.list.join(","), actual=pl.col("use_level"))
