"""基本编码是否已确认对应基本目录里的另一个编码，而市级还没有改过来？"""

from __future__ import annotations

import polars as pl

from citysync.domain.findings import Severity
from citysync.domain.verdict import Axis, Fault
from citysync.reconciliation.identity_applied import SENT
from citysync.reconciliation.match import Match
from citysync.reconciliation.places import at_rows

LABEL = "换码待改"
SEVERITY = Severity.WARNING
FAULT = Fault.DATA
AXIS = Axis.CONSISTENT
GRACED = False
HINT = "“{label}”为“{actual}”，已确认就是基本目录的“{expected}”，核对按后者进行：请改为“{expected}”"
REMEDY = "请改用基本目录的编码"


def find(match: Match) -> pl.DataFrame:
    """Return one finding per row that was read under another code than the one it was sent with."""
    read = pl.col("catalog_code")
    return at_rows(match.judged.filter(pl.col(SENT) != read), "catalog_code", expected=read, actual=pl.col(SENT))
