"""A depth is read in its own scale: 三级 of one is not Ⅲ级 of another; what is of no scale is compared with none."""

from __future__ import annotations

import polars as pl
import pytest

from citysync.reconciliation import depth
from citysync.reconciliation.depth import GD, NATIONAL, ORDINAL


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("一级", (GD, 1)),
        (" 三 级", (GD, 3)),
        ("Ⅲ级", (ORDINAL, 3)),
        ("III级", (ORDINAL, 3)),
        ("全程网办（Ⅳ级）", (ORDINAL, 4)),
        ("3,1,9", (NATIONAL, 3)),
        ("１、5；2", (NATIONAL, 5)),
        ("7", (NATIONAL, 7)),
        ("9", (None, None)),
        ("9,9", (None, None)),
        ("四级", (None, None)),
        ("8", (None, None)),
        ("1,", (None, None)),
        ("1\n,2", (NATIONAL, 2)),
        ("", (None, None)),
        ("\u3000", (None, None)),
    ],
)
def test_a_depth_is_read_in_its_own_scale(text: str, read: tuple[str | None, int | None]) -> None:
    assert depth.read_depth(text) == read
    rows = pl.DataFrame({"row": [1, 2], "d": [text, None]}, schema={"row": pl.Int64, "d": pl.String})
    beside = depth.beside(rows, "d")
    assert beside.schema == {"row": pl.Int64, "d": pl.String, "d_scale": pl.String, "d_step": pl.Int64}
    assert beside.rows() == [(1, text, *read), (2, None, None, None)]
