"""咨询方式与监督投诉方式是否相同？"""

from __future__ import annotations

import polars as pl

from citysync.domain.findings import Severity
from citysync.domain.verdict import Axis, Fault
from citysync.reconciliation.match import Match
from citysync.reconciliation.places import at_rows

LABEL = "电话相同"
SEVERITY = Severity.WARNING
FAULT = Fault.DATA
AXIS = Axis.VALID
GRACED = False
HINT = "咨询与投诉不应是同一个号码（{actual}）：请把“{label}”改为独立的投诉渠道"
REMEDY = "请分设咨询与投诉渠道"


def find(match: Match) -> pl.DataFrame:
    """Return one finding per row; a word such as 无 in both counts as sent."""
    same = match.judged.filter(pl.col("link_way") == pl.col("supervise_way"))
    return at_rows(same, "supervise_way", actual=pl.col("supervise_way"))
