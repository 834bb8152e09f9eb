"""What was odd in a row that could still be compared."""

from __future__ import annotations

import pytest

from tests.builders import BODY, CATALOG_CODE, TASK_CODE, an_item
from tests.schemas.rows import the_notes, the_row, validated


def test_a_number_nobody_can_read_is_noted_and_null() -> None:
    assert the_row(limit_scene_num="不限")["limit_scene_num"] is None
    assert the_notes(limit_scene_num="不限") == [("value_unreadable", "limit_scene_num", "整数", "不限")]
    assert the_notes(plan_cancel_date="2024-02-30") == [("value_unreadable", "plan_cancel_date", "日期", "2024-02-30")]


@pytest.mark.parametrize(
    "changes",
    [
        {"promise_day": "无"},
        {"anticipate_day": "/"},
        {"promise_day": "—"},
        {"promise_day": "30(工作日)"},
        {"plan_cancel_date": "9999-12-31"},
        {"plan_effective_date": "0000-00-00 00:00:00"},
        {"limit_scene_num": " 2 "},
        {"limit_scene_num": None},
    ],
)
def test_a_number_that_is_read_or_means_nothing_is_not_noted(changes: dict[str, str | None]) -> None:
    assert the_notes(**changes) == []


def test_decimals_of_whole_numbers_are_the_sources_and_noted_once_a_column() -> None:
    rows = [an_item(limit_scene_num=f"{number}.0", promise_day="20.0个工作日") for number in (3, 1, 2)]
    for order in (rows, rows[::-1]):
        found = validated(*order).notes.select("check", "task_code", "field", "expected", "actual").rows()
        assert found == [
            ("number_decimal", None, "limit_scene_num", "1", "1.0"),
            ("number_decimal", None, "promise_day", "20", "20.0个工作日"),
        ]
    assert the_notes(limit_scene_num="2.5") == [("value_unreadable", "limit_scene_num", "整数", "2.5")]


def test_a_null_word_of_one_column_is_no_null_word_of_another() -> None:
    assert the_row(promise_day="无")["promise_day"] is None
    assert the_row(link_way="无")["link_way"] == "无"
    assert the_notes(limit_scene_num="无") == [("value_unreadable", "limit_scene_num", "整数", "无")]


def test_a_code_with_blanks_or_wide_characters_is_cleaned_and_noted() -> None:
    sent = f"\u200b{TASK_CODE[:5]} {TASK_CODE[5:]}01"
    assert the_row(task_code=sent)["task_code"] == TASK_CODE
    assert the_notes(task_code=sent) == [("code_cleaned", "task_code", TASK_CODE + "01", sent)]
    assert the_notes(dept_code=BODY, areacode="440300000000") == []


def test_a_note_says_where_the_row_is() -> None:
    note = validated(an_item(limit_scene_num="x", task_code=TASK_CODE + "01")).notes.row(0, named=True)
    assert (note["task_code"], note["task_handle_item"]) == (TASK_CODE, TASK_CODE + "01")
    assert (note["catalog_code"], note["areacode"]) == (CATALOG_CODE, "440300")


def test_rejected_rows_are_not_noted_as_well() -> None:
    assert the_notes(limit_scene_num="x", task_type="99") == []


@pytest.mark.parametrize(
    ("sent", "unit", "read"),
    [
        ("30(自然日)", None, "2"),
        ("30(自然日)", "1", "1"),
        ("30", None, None),
        ("20个工作日", None, "1"),
        ("无", None, None),
    ],
)
def test_the_unit_behind_a_number_of_days_fills_an_empty_unit(sent: str, unit: str | None, read: str | None) -> None:
    assert the_row(promise_day=sent, promise_type=unit)["promise_type"] == read
    assert the_row(anticipate_day=sent, anticipate_type=unit)["anticipate_type"] == read
