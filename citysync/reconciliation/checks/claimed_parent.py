"""是否认领了有子项的主项（…00Y），而不是它的子项？"""

from __future__ import annotations

import polars as pl

from citysync.domain.findings import Severity
from citysync.domain.verdict import Axis, Fault
from citysync.reconciliation.match import Match
from citysync.reconciliation.places import at_rows

LABEL = "误领主项"
SEVERITY = Severity.ERROR
FAULT = Fault.DATA
AXIS = Axis.CONSISTENT
GRACED = True
HINT = "“{actual}”是有子项的主项，不能直接认领：把“{label}”改为对应的子项（目录所列子项：{expected}）"
REMEDY = "请改为认领其子项"


def find(match: Match) -> pl.DataFrame:
    """Return one finding per row on a main item; what should stand there are the sub-items of the master."""
    rows = match.judged.join(match.parents, on="catalog_code", how="inner")
    return at_rows(rows, "catalog_code", expected=pl.col("sub_codes"), actual=pl.col("catalog_code"))
