"""网上办理深度是否低于省级基本目录的目标？"""

from __future__ import annotations

import polars as pl

from citysync.domain.findings import Severity
from citysync.domain.verdict import Axis, Fault
from citysync.reconciliation.match import Match
from citysync.reconciliation.places import at_rows

LABEL = "深度未达标"
SEVERITY = Severity.ERROR
FAULT = Fault.DATA
AXIS = Axis.CONSISTENT
GRACED = True
HINT = "“{label}”为“{actual}”，目标为“{expected}”：请提升网办深度，或核实填报"
REMEDY = "请提升网办深度到目录目标"


def find(match: Match) -> pl.DataFrame:
    """Return one finding per row below the target; two different scales are never compared."""
    own, target = "online_handle_depth", "master_online_handle_depth"
    same_scale = pl.col(f"{own}_scale") == pl.col(f"{target}_scale")
    below = match.paired.filter(same_scale & (pl.col(f"{own}_step") < pl.col(f"{target}_step")))
    return at_rows(below, own, expected=pl.col(target), actual=pl.col(own))
