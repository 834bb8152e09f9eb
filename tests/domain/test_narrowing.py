"""A join with the few rows that can meet anything is a join with all of them."""

from __future__ import annotations

import polars as pl
import pytest

from citysync.domain.narrowing import narrowed

ROWS = pl.DataFrame({"code": [f"{number}" for number in range(12)], "at": range(12)})


@pytest.mark.parametrize(("wanted", "left"), [([], 0), (["3"], 1), (["3", "x", None], 1), (["1", "2", "3", "4"], 12)])
def test_few_are_picked_out_and_for_many_all_are_left(wanted: list[str | None], left: int) -> None:
    asked = pl.Series("code", wanted, dtype=pl.String)
    some = narrowed(ROWS, "code", asked)
    assert some.height == left
    both = (asked.to_frame().join(rows, on="code", how="left", maintain_order="left") for rows in (some, ROWS))
    assert next(both).equals(next(both))
