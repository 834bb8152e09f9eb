"""名称或依据是否只在括号、全半角、空格、引号等书写上与省级基本目录不同？"""

from __future__ import annotations

import polars as pl

from citysync.domain.findings import Severity
from citysync.domain.verdict import Axis, Fault
from citysync.reconciliation.match import Match

LABEL = "书写差异"
SEVERITY = Severity.COSMETIC
FAULT = Fault.DATA
AXIS = Axis.CONSISTENT
GRACED = True
HINT = "“{label}”与基本目录仅书写不同（括号、全半角、空格等），可照目录写为“{expected}”"
REMEDY = "可按基本目录统一书写"


def find(match: Match) -> pl.DataFrame:
    """Return one finding per row and field that is equal after normalisation and was not before."""
    return match.texts.filter(pl.col("same_meaning")).drop("same_meaning")
