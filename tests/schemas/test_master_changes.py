"""Which codes of the master catalogue a new version adds, alters or drops."""

from __future__ import annotations

import random
from datetime import date
from typing import Any

import polars as pl
import pytest

from citysync.domain.catalogue import MASTER
from schemas.master import master_changes
from tests.builders import CATALOG_CODE, a_master, a_master_item


def test_nothing_changed_between_equal_versions_in_any_order() -> None:
    items = [a_master_item(catalog_code=f"4401060430{n:02d}", use_level=["2", "3"]) for n in range(9)]
    shuffled = [{**item, "use_level": ["3", "2"]} for item in items]
    random.Random(1).shuffle(shuffled)
    assert master_changes(a_master(*items).items, a_master(*shuffled).items) == frozenset()


def test_codes_added_altered_and_dropped_have_changed() -> None:
    stays, goes, comes = (a_master_item(catalog_code=f"44010604300{n}") for n in (1, 2, 3))
    altered = a_master_item(catalog_code="440106043004", by_law=None)
    before = a_master(stays, goes, altered).items
    after = a_master(stays, comes, {**altered, "by_law": "新依据"}).items
    assert master_changes(before, after) == {"440106043002", "440106043003", "440106043004"}


@pytest.mark.parametrize(
    "changes",
    [
        {"task_name": "改名"},
        {"use_level": ["3", "4"]},
        {"use_level": []},
        {"applies_to": ["440300"]},
        {"limit_scene_num": 2},
        {"plan_cancel_date": date(2026, 12, 1)},
        {"task_version": 2},
        {"by_law": None},
    ],
)
def test_any_column_counts_as_a_change(changes: dict[str, Any]) -> None:
    before, after = a_master(a_master_item()).items, a_master(a_master_item(**changes)).items
    assert master_changes(before, after) == master_changes(after, before) == {CATALOG_CODE}


def test_a_null_list_is_an_empty_one() -> None:
    before, after = a_master(a_master_item(applies_to=None)).items, a_master(a_master_item(applies_to=[])).items
    assert master_changes(before, after) == frozenset()


def test_a_first_version_adds_every_code() -> None:
    assert master_changes(pl.DataFrame(schema=MASTER), a_master().items) == {CATALOG_CODE}
