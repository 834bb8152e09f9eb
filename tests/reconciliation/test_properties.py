"""What must hold for any rows: equal sides are silent, sides mirror each other, order and pages say nothing."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from citysync.domain.snapshot import Snapshot
from citysync.domain.workdays import calendar
from citysync.reconciliation.match import match
from citysync.reconciliation.reconcile import reconcile
from schemas.validate import validate
from tests.builders import TODAY, a_city, a_master, a_master_item, a_snapshot, an_item
from tests.reconciliation.cast import Walk, a_code, walk

CODES = [f"4401060430{number:02d}" for number in range(12)]
LETTERS = "公共场所卫生许可证（）()【】〔〕“”—－·、Ａ1裏里⼈㎡①Ⅱ"
TEXTS = st.text(LETTERS, max_size=12).map(lambda text: f"公{text}")
TYPES = st.sampled_from(("01", "05", "07", "10", "20"))
ITEM = st.fixed_dictionaries({"task_name": TEXTS, "task_type": TYPES, "by_law": TEXTS})
ITEMS = st.dictionaries(st.sampled_from(CODES), ITEM, min_size=1, max_size=8)
Items = Mapping[str, Mapping[str, str]]


def rows_of(items: Items) -> list[dict[str, str | None]]:
    return [an_item(task_code=a_code(code), **item) for code, item in items.items()]


def master_of(items: Items) -> Any:
    return a_master(*(a_master_item(catalog_code=code, **item) for code, item in items.items()))


@settings(max_examples=10, deadline=None)
@given(ITEMS)
def test_what_is_compared_with_itself_is_silent(items: Items) -> None:
    found = walk(rows_of(items), master_of(items)).reconciliation
    assert found.findings.is_empty()
    assert found.due == found.met == found.paired == len(items)


@settings(max_examples=8, deadline=None)
@given(ITEMS, ITEMS)
def test_what_one_side_lacks_the_other_has_too_much(one: Items, other: Items) -> None:
    there, back = walk(rows_of(one), master_of(other)), walk(rows_of(other), master_of(one))
    assert (
        set(there.of("unclaimed")["catalog_code"]) == set(back.of("overclaimed")["catalog_code"]) == {*other} - {*one}
    )
    assert (
        set(there.of("overclaimed")["catalog_code"]) == set(back.of("unclaimed")["catalog_code"]) == {*one} - {*other}
    )
    for check in ("elements_drift", "text_cosmetic"):
        assert mirrored(there.of(check)) == {(code, field, b, a) for code, field, a, b in mirrored(back.of(check))}


def codes(found: Walk, check: str) -> set[str]:
    return set(found.of(check).get_column("catalog_code"))


def mirrored(findings: pl.DataFrame) -> set[tuple[Any, ...]]:
    return set(findings.select("catalog_code", "field", "expected", "actual").rows())


@settings(max_examples=8, deadline=None)
@given(ITEMS, ITEMS, st.randoms(use_true_random=False), st.integers(1, 5))
def test_order_and_pages_of_what_a_city_sends_change_nothing(
    one: Items, other: Items, chance: random.Random, page: int
) -> None:
    rows = [*rows_of(one), *rows_of(other)]
    found = compared(a_snapshot(rows), other)
    chance.shuffle(rows)
    again = a_snapshot(rows)
    paged = again.rows.with_columns(page_no=(pl.col("row_no") - 1) // page + 1)
    assert compared(replace(again, rows=paged), other).equals(found)


def compared(taken: Snapshot, items: Items) -> pl.DataFrame:
    validation = validate(taken, a_city(), TODAY)
    matched = match(validation, master_of(items), a_city(), TODAY)
    return reconcile(matched, validation, taken, a_city(), TODAY, calendar()).findings
