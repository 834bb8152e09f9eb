"""What a new version of the master catalogue changes, and for whom."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from citysync.domain.catalogue import MasterCatalogue
from citysync.reconciliation.master_diff import MasterDiff, compare_masters, touched
from tests.builders import CATALOG_CODE, TODAY, a_city, a_master, a_master_item

OTHER = "440106043002"


def compared(old: list[dict[str, Any]], new: list[dict[str, Any]]) -> MasterDiff:
    return compare_masters(a_master(*old), a_master(*new))


def test_two_equal_versions_differ_in_nothing() -> None:
    found = compare_masters(a_master(), a_master())
    assert found.added.height + found.abolished.height + found.adjusted.height + found.identity.height == 0


def test_added_and_abolished_items_are_named() -> None:
    gone = a_master_item(catalog_code=OTHER, task_name="户口迁移")
    come = a_master_item(catalog_code="440106043009", task_name="燃气经营")
    found = compared([a_master_item(), gone], [a_master_item(), come])
    assert found.added.rows() == [("440106043009", "燃气经营")]
    assert found.abolished.rows() == [(OTHER, "户口迁移")]
    assert found.identity.is_empty()


def test_an_item_cancelled_by_the_day_of_the_version_is_abolished() -> None:
    cancelled = a_master_item(plan_cancel_date=date(2026, 11, 20))
    assert compared([a_master_item()], [cancelled]).abolished.rows() == [(CATALOG_CODE, "公共场所卫生许可")]
    later = a_master_item(plan_cancel_date=date(2026, 11, 21))
    assert compared([a_master_item()], [later]).adjusted.rows() == [
        (CATALOG_CODE, "plan_cancel_date", None, "2026-11-21")
    ]


@pytest.mark.parametrize(
    ("change", "rows"),
    [
        ({"task_name": "新名"}, [("task_name", "公共场所卫生许可", "新名")]),
        ({"limit_scene_num": 1}, [("limit_scene_num", None, "1")]),
        ({"use_level": ["4", "3"]}, [("use_level", "3", "3,4")]),
    ],
)
def test_an_adjustment_names_the_column_and_both_values(
    change: dict[str, Any], rows: list[tuple[str, str | None, str]]
) -> None:
    found = compared([a_master_item()], [a_master_item(**change)])
    assert found.adjusted.select("field", "before", "after").rows() == rows


def test_the_order_of_a_lists_members_is_no_adjustment() -> None:
    old, new = a_master_item(use_level=["3", "4"]), a_master_item(use_level=["4", "3"], applies_to=None)
    assert compared([old], [new]).adjusted.is_empty()


def test_a_re_coded_and_a_split_item_are_proposed_as_such() -> None:
    cases = {"440106050001": "公共场所卫生许可（新证）", "440106050002": "公共场所卫生许可（延续）"}
    parts = [a_master_item(catalog_code=code, task_name=name) for code, name in cases.items()]
    assert compared([a_master_item()], parts).identity.get_column("change").to_list() == ["split"]
    assert compared(parts, [a_master_item()]).identity.get_column("change").to_list() == ["merged"]
    moved = compared([a_master_item()], [a_master_item(catalog_code=OTHER)]).identity
    assert moved.select("change", "before", "after").rows() == [("recoded", [CATALOG_CODE], [OTHER])]


def test_a_city_is_told_what_appears_disappears_and_is_adjusted() -> None:
    old = a_master(a_master_item(), a_master_item(catalog_code=OTHER))
    new: MasterCatalogue = replace(
        a_master(a_master_item(task_name="新名"), *(a_master_item(catalog_code=f"44010604301{n}") for n in range(3))),
        version="2",
    )
    cities = [a_city(), a_city(code="440000", name="广东省", counties=None)]
    shenzhen, province = touched(old, new, cities, TODAY)
    assert (shenzhen.due_before, shenzhen.due_after) == (2, 4)
    assert (shenzhen.appear, shenzhen.disappear, shenzhen.adjusted) == (3, 1, 1)
    assert (province.due_after, province.appear, province.disappear) == (0, 0, 0)
