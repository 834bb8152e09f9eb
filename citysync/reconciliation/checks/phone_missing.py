"""咨询方式或监督投诉方式是否为空？"""

from __future__ import annotations

import polars as pl

from citysync.domain.findings import Severity
from citysync.domain.verdict import Axis, Fault
from citysync.reconciliation.match import Match
from citysync.reconciliation.places import at_rows, together

LABEL = "电话缺失"
SEVERITY = Severity.WARNING
FAULT = Fault.DATA
AXIS = Axis.VALID
GRACED = False
HINT = "请补填“{label}”（带区号）"
REMEDY = "请补填咨询与投诉方式"


def find(match: Match) -> pl.DataFrame:
    """Return one finding per row and empty field; a source without the column is told so once, elsewhere."""
    sent = [name for name in ("link_way", "supervise_way") if match.has(name)]
    return together([at_rows(match.judged.filter(pl.col(name).is_null()), name) for name in sent])
