"""实施清单的基本编码，省级基本目录里是否根本没有？"""

from __future__ import annotations

from datetime import date

import polars as pl

from citysync.domain.findings import Severity
from citysync.domain.verdict import Axis, Fault
from citysync.reconciliation.match import Match
from citysync.reconciliation.places import at_rows

LABEL = "超领"
SEVERITY = Severity.ERROR
FAULT = Fault.DATA
AXIS = Axis.CONSISTENT
GRACED = True
HINT = "基本目录没有“{actual}”：请核对“{label}”，改为目录内的编码；确属自建事项的，请报省级纳入基本目录，否则取消"
REMEDY = "请改为目录内编码，或报省级纳入、取消事项"


def find(match: Match) -> pl.DataFrame:
    """Return one finding per row whose code is neither an item nor a main item of the master."""
    found = at_rows(match.overclaimed, "catalog_code", actual=pl.col("catalog_code"))
    changed = pl.Series("catalog_code", list(match.master.changed), dtype=pl.String)
    there = match.master.of(changed).get_column("catalog_code")
    gone = changed.filter(~changed.is_in(there.implode()))
    told = {code: _abolished(match.master.changed[code]) for code in gone}
    remark = pl.col("catalog_code").replace_strict(told, default=None, return_dtype=pl.String)
    return found.with_columns(remark=remark)


def _abolished(day: date) -> str:
    return f"（引用已废止目录：该编码自 {day.isoformat()} 起不在基本目录）"
