"""承诺办结时限是否超过法定办结时限（单位相同才比）？"""

from __future__ import annotations

import polars as pl

from citysync.domain.findings import Severity
from citysync.domain.verdict import Axis, Fault
from citysync.reconciliation.match import Match
from citysync.reconciliation.places import at_most, at_rows

LABEL = "承诺超法定"
SEVERITY = Severity.ERROR
FAULT = Fault.DATA
AXIS = Axis.VALID
GRACED = False
HINT = "“{label}”为 {actual}，不得超过法定办结时限（{expected}）：请缩短承诺时限或核对法定时限"
REMEDY = "请把承诺时限改到法定时限以内"


def find(match: Match) -> pl.DataFrame:
    """Return one finding per row whose units are both known and equal; 工作日 and 自然日 are never compared."""
    promised, legal = pl.col("promise_day"), pl.col("anticipate_day")
    same_unit = pl.col("promise_type") == pl.col("anticipate_type")
    over = match.judged.filter(same_unit & (promised > legal))
    return at_rows(over, "promise_day", expected=at_most(legal), actual=promised)
