"""省级基本目录要求某地区必须有的事项，是否没有任何一条在用的实施清单认领？"""

from __future__ import annotations

import polars as pl

from citysync.domain.findings import Severity
from citysync.domain.verdict import Axis, Fault
from citysync.reconciliation.match import Match

LABEL = "漏领"
SEVERITY = Severity.ERROR
FAULT = Fault.DATA
AXIS = Axis.CONSISTENT
GRACED = True
HINT = (
    "请 {areacode} 认领基本目录“{code} {name}”并编制实施清单；"
    "本地区不应有的，请登记豁免（下放、取消、本级无相应权限等，附文件和期限）"
)
REMEDY = "请认领或登记豁免"


def find(match: Match) -> pl.DataFrame:
    """Return one finding per obligation nobody meets; a row in conflict or of another level is there all the same."""
    return match.unclaimed.select(
        task_code=pl.lit(None, dtype=pl.String),
        task_handle_item=pl.lit(None, dtype=pl.String),
        catalog_code="catalog_code",
        areacode="areacode",
        field=pl.lit("catalog_code"),
        expected=pl.col("catalog_code"),
        actual=pl.lit(None, dtype=pl.String),
    )
