"""事项名称、事项类型、设定依据是否与省级基本目录不一致（书写差异不算）？"""

from __future__ import annotations

import polars as pl

from citysync.domain.findings import Severity
from citysync.domain.verdict import Axis, Fault
from citysync.reconciliation.match import Match
from citysync.reconciliation.normalise import standard
from citysync.reconciliation.places import at_rows, together

LABEL = "不一致"
SEVERITY = Severity.ERROR
FAULT = Fault.DATA
AXIS = Axis.CONSISTENT
GRACED = True
HINT = "把“{label}”由“{actual}”改为“{expected}”，与基本目录保持一致；认为目录有误的，请报省级修订"
REMEDY = "请按基本目录修改名称、类型或依据"
ONLY_VARIANTS = "（两者只是异体字或繁简字不同）"


def find(match: Match) -> pl.DataFrame:
    """Return one finding per row and field; a side that is empty is not compared.

    四级四同 (国发〔2018〕27号): the same item has the same name, code, basis and type at every level.
    """
    master_type = pl.col("master_task_type")
    other_type = match.paired.filter(pl.col("task_type") != master_type)
    found = together(
        [
            match.texts.filter(~pl.col("same_meaning")).drop("same_meaning"),
            at_rows(other_type, "task_type", expected=master_type, actual=pl.col("task_type")),
        ]
    )
    only_variants = standard(pl.col("actual")) == standard(pl.col("expected"))
    return found.with_columns(remark=pl.when(only_variants).then(pl.lit(ONLY_VARIANTS)))
