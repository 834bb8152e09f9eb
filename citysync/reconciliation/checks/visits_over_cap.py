"""到办事现场次数是否超过 3 次，或超过省级基本目录更低的上限？"""

from __future__ import annotations

import polars as pl

from citysync.domain.catalogue import DEFAULT_CAP
from citysync.domain.findings import Severity
from citysync.domain.verdict import Axis, Fault
from citysync.reconciliation.match import Match
from citysync.reconciliation.places import at_most, at_rows

LABEL = "跑动次数超限"
SEVERITY = Severity.ERROR
FAULT = Fault.DATA
AXIS = Axis.VALID
GRACED = True
HINT = "“{label}”为 {actual} 次，上限 {expected}：请精简到场环节后改正"
REMEDY = "请把到现场次数降到上限以内"


def find(match: Match) -> pl.DataFrame:
    """Return one finding per row; only a cap below 3 is the master's and may be in grace.

    省政府 2013 年 7 月督查要求: never more than 3.
    """
    visits = pl.col("limit_scene_num")
    cap = pl.min_horizontal(pl.lit(DEFAULT_CAP, dtype=pl.Int64), "master_limit_scene_num")
    return at_rows(
        match.judged.with_columns(cap=cap).filter(visits > pl.col("cap")),
        "limit_scene_num",
        expected=at_most(pl.col("cap")),
        actual=visits,
    ).with_columns(graced=pl.col("actual").cast(pl.Int64) <= DEFAULT_CAP)
