"""收费事项是否没有收费依据？"""

from __future__ import annotations

import polars as pl

from citysync.domain.findings import Severity
from citysync.domain.verdict import Axis, Fault
from citysync.reconciliation.match import Match
from citysync.reconciliation.places import at_rows

LABEL = "收费无依据"
SEVERITY = Severity.WARNING
FAULT = Fault.DATA
AXIS = Axis.VALID
GRACED = False
HINT = "该事项收费：请填写“{label}”"
REMEDY = "请填写收费依据"


def find(match: Match) -> pl.DataFrame:
    """Return one finding per row that charges and names no basis."""
    rows = match.judged if match.has("fee_basis") else match.judged.clear()
    return at_rows(rows.filter((pl.col("is_fee") == "1") & pl.col("fee_basis").is_null()), "fee_basis")
