"""What the benchmark says was put into two nights of a city is what stands in them."""

from __future__ import annotations

import polars as pl

from bench.directory import city, master
from bench.ordinary_night import nights

CATALOGUE = master(2000)
NIGHTS = nights("440300", city("440300", CATALOGUE), seed=7)
APART = nights("440300", city("440300", CATALOGUE), seed=7, twins_last=True)
KEY = "task_code"


def test_what_vanished_appeared_and_changed_is_counted() -> None:
    before, after = (rows.unique(KEY, keep="first") for rows in (NIGHTS.yesterday, NIGHTS.tonight))
    both = after.join(before, on=KEY)
    alike = after.join(before, on=after.columns, how="semi")
    assert NIGHTS.truth["vanished"] == before.join(after, on=KEY, how="anti").height > 0
    assert NIGHTS.truth["appeared"] == after.join(before, on=KEY, how="anti").height > 0
    assert NIGHTS.truth["changed"] == both.height - alike.height > 0


def test_what_the_master_has_otherwise_is_counted() -> None:
    good = NIGHTS.tonight.filter(pl.col("task_type") != "77").unique(KEY, keep="first")
    paired = good.join(CATALOGUE, on="catalog_code")
    other = (pl.col("task_name") != pl.col("task_name_right")) | (pl.col("by_law") != pl.col("by_law_right"))
    assert NIGHTS.truth["received"] == NIGHTS.tonight.height
    assert NIGHTS.truth["rejected"] == NIGHTS.tonight.height - NIGHTS.tonight.filter(pl.col("task_type") != "77").height
    assert NIGHTS.truth["missing"] == CATALOGUE.join(good, on="catalog_code", how="anti").height
    assert NIGHTS.truth["overclaimed"] == good.join(CATALOGUE, on="catalog_code", how="anti").height
    assert NIGHTS.truth["drifted"] == paired.filter(other).height
    assert NIGHTS.truth["duplicated"] == NIGHTS.tonight.height - NIGHTS.tonight.n_unique(KEY)


def test_rows_of_one_key_stand_beside_each_other_or_last() -> None:
    def neighbours(rows: pl.DataFrame) -> int:
        return int((rows[KEY] == rows[KEY].shift(1)).sum())

    assert neighbours(NIGHTS.tonight) == NIGHTS.truth["duplicated"] > neighbours(APART.tonight)
    assert NIGHTS.truth == APART.truth
    assert NIGHTS.tonight.sort(KEY, "accept_condition").equals(APART.tonight.sort(KEY, "accept_condition"))
