"""来源是否整列缺少对账要用的字段？"""

from __future__ import annotations

import polars as pl

from citysync.domain import items
from citysync.domain.findings import Severity
from citysync.domain.renaming import suspicion
from citysync.domain.verdict import Axis, Fault
from citysync.reconciliation.match import Match
from citysync.reconciliation.places import about_source

LABEL = "缺少字段"
SEVERITY = Severity.WARNING
FAULT = Fault.DATA
AXIS = Axis.VALID
GRACED = False
HINT = "来源没有“{label}”，涉及它的检查没有做：请市级补充该字段，或在市文件的 [fields] 中对应"
REMEDY = "请补充或对应缺少的字段"


def find(match: Match) -> pl.DataFrame:
    """Return one finding per column that some check reads and the source lacks."""
    judged = {column.name for column in items.DIRECTORY if column.judged}
    lacking = sorted(match.absent & judged)
    told = [suspicion(name, match.asked_as.get(name, name), match.unknown_fields) for name in lacking]
    return about_source(lacking).with_columns(remark=pl.Series(told, dtype=pl.String))
