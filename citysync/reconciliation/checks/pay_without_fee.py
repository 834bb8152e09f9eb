"""不收费的事项是否却支持网上支付？"""

from __future__ import annotations

import polars as pl

from citysync.domain.findings import Severity
from citysync.domain.verdict import Axis, Fault
from citysync.reconciliation.match import Match
from citysync.reconciliation.places import at_rows

LABEL = "不收费却可支付"
SEVERITY = Severity.WARNING
FAULT = Fault.DATA
AXIS = Axis.VALID
GRACED = False
HINT = "该事项不收费：把“{label}”由“{actual}”改为“{expected}”，或改正是否收费"
REMEDY = "请核实是否收费与网上支付"


def find(match: Match) -> pl.DataFrame:
    """Return one finding per row that charges nothing and takes payments."""
    pays = pl.col("is_pay_online")
    rows = match.judged.filter((pl.col("is_fee") == "0") & (pays == "1"))
    return at_rows(rows, "is_pay_online", expected=pl.lit("0"), actual=pays)
