"""来源是否有谁都没有登记过的字段？"""

from __future__ import annotations

import polars as pl

from citysync.domain.findings import Severity
from citysync.domain.verdict import Axis, Fault
from citysync.reconciliation.match import Match
from citysync.reconciliation.places import about_source

LABEL = "未登记字段"
SEVERITY = Severity.WARNING
FAULT = Fault.DATA
AXIS = Axis.VALID
GRACED = False
HINT = "来源的字段“{label}”没有登记：请在市文件的 [fields] 中对应，或写入 ignore"
REMEDY = "请在市文件中对应或忽略这些字段"


def find(match: Match) -> pl.DataFrame:
    """Return one finding per field nobody mapped or ignored; it is about the source, not about a row."""
    return about_source(sorted(match.unknown_fields))
