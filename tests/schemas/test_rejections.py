"""Why a row cannot be compared, and what its city is told."""

from __future__ import annotations

import pytest

from citysync.domain import items
from citysync.domain.errors import ConfigError
from schemas.validate import validate
from tests.builders import CATALOG_CODE, TASK_CODE, TODAY, a_city, a_snapshot, an_item
from tests.schemas.rows import the_rules, validated

LOCAL = {"scheme": "local", "pattern": "[0-9A-Z]{4}-[0-9]+"}


@pytest.mark.parametrize(
    ("changes", "rule", "field"),
    [
        ({"task_code": None}, "task_code_missing", "task_code"),
        ({"task_code": "\u200b "}, "task_code_missing", "task_code"),
        ({"task_code": TASK_CODE[:-1]}, "task_code_malformed", "task_code"),
        ({"task_code": TASK_CODE.lower()}, "task_code_malformed", "task_code"),
        ({"task_code": "1.14403000075411e+30"}, "task_code_malformed", "task_code"),
        ({"task_name": None}, "task_name_missing", "task_name"),
        ({"task_name": " \u200b"}, "task_name_missing", "task_name"),
        ({"task_type": None}, "task_type_missing", "task_type"),
        ({"task_type": "21"}, "value_unlisted", "task_type"),
        ({"task_type": "1"}, "value_unlisted", "task_type"),
        ({"task_state": "9"}, "value_unlisted", "task_state"),
        ({"use_level": "7"}, "value_unlisted", "use_level"),
        ({"is_fee": "是"}, "value_unlisted", "is_fee"),
        ({"handle_type": "1,7"}, "value_unlisted", "handle_type"),
        ({"handle_type": ","}, "value_unlisted", "handle_type"),
    ],
)
def test_a_row_that_cannot_be_compared_is_rejected_with_its_reason(
    changes: dict[str, str | None], rule: str, field: str
) -> None:
    healthy = an_item(row_guid="another")
    validation = validated(healthy, an_item(**changes))
    assert validation.rejected.select("row_no", "rule", "field").rows() == [(2, rule, field)]
    assert validation.accepted["row_no"].to_list() == [1]
    rejected = validated(an_item(**changes)).rejected.row(0, named=True)
    assert rejected["value"] == changes[field]
    assert rejected["expected"]
    assert "第 1 行" in rejected["hint"]
    assert f"“{items.label(field)}”" in rejected["hint"]


@pytest.mark.parametrize(
    "changes",
    [
        {"by_law": None, "link_way": None, "dept_name": None},
        {"task_state": None, "task_version": None, "is_fee": None, "handle_type": None},
        {"task_code": TASK_CODE[:-3] + "00Y"},
        {"task_code": f"TE440000GD030003VV3{CATALOG_CODE}"},  # a body without a USCC only warns
        {"promise_day": "即办", "limit_scene_num": "不限", "plan_cancel_date": "长期"},
        {"online_handle_depth": "五星"},
        {"use_level": "5"},
    ],
)
def test_a_row_that_can_be_compared_is_accepted(changes: dict[str, str | None]) -> None:
    assert the_rules(an_item(**changes)) == []


def test_a_row_may_break_several_rules_and_counts_once() -> None:
    validation = validated(an_item(), an_item(task_code=None, task_name=None, task_type="99", is_fee="x"))
    assert validation.rejected["rule"].to_list() == [
        "task_code_missing",
        "task_name_missing",
        "value_unlisted",
        "value_unlisted",
    ]
    assert validation.rejected["field"].to_list()[2:] == ["is_fee", "task_type"]
    assert (validation.received, validation.rejected_rows, validation.accepted.height) == (2, 1, 1)


def test_rejections_stand_in_the_order_of_rows() -> None:
    rows = [an_item(task_type="99", task_code=None), an_item(task_code=None), an_item(task_type="99")]
    assert [row for row, _, _ in the_rules(*rows)] == [1, 1, 2, 3]


def test_a_code_ruined_by_a_spreadsheet_is_recognised() -> None:
    hint = validated(an_item(task_code="1.14403E+30")).rejected["hint"][0]
    assert "科学计数法" in hint
    assert "文本格式" in hint


def test_a_hint_names_the_citys_own_field_and_the_values_it_may_send() -> None:
    city = a_city(fields={"task_type": "SXLX"}, values={"task_type": {"21": "20", "01": "01"}})
    rejected = validated(an_item(task_type="20"), city=city).rejected.row(0, named=True)
    assert rejected["expected"] == "21,01"
    assert "“事项类型”（字段 SXLX）" in rejected["hint"]
    assert "21（公共服务）" in rejected["hint"]
    assert "cities/440300.toml" in rejected["hint"]


def test_a_required_column_that_is_gone_is_told_as_such_with_what_it_may_have_become() -> None:
    city = a_city(fields={"task_name": "item_name"})
    taken = a_snapshot([an_item()], absent=["task_name"], unknown_fields=("itemName", "CREATE_TIME"))
    (row,) = validate(taken, city, TODAY).rejected.iter_rows(named=True)
    assert (row["rule"], row["field"]) == ("task_name_missing", "task_name")
    assert row["hint"].startswith("来源没有“事项名称”（字段 item_name）这一列，疑似改名为 itemName；请恢复该字段")
    (blank,) = validate(a_snapshot([an_item(task_name=None)]), city, TODAY).rejected.iter_rows(named=True)
    assert "补填" in blank["hint"]


def test_a_rejection_names_the_code_without_its_blanks() -> None:
    rejected = validated(an_item(task_code=f" {TASK_CODE}01", task_type=None)).rejected
    assert rejected["task_code"].to_list() == [TASK_CODE + "01"]


def test_a_city_with_codes_of_its_own_sends_everything_itself() -> None:
    row = an_item(task_code="SZ01-77", catalog_code=CATALOG_CODE, use_level="3", areacode=None)
    accepted = validated(row, city=a_city(codes=LOCAL)).accepted.row(0, named=True)
    assert (accepted["task_code"], accepted["catalog_code"], accepted["areacode"]) == (
        "SZ01-77",
        CATALOG_CODE,
        "440300",
    )
    assert accepted["dept_code"] is None
    assert accepted["task_handle_item"] is None


def test_a_local_code_of_33_characters_is_not_split() -> None:
    long = "SZ01-" + "1" * 28
    accepted = validated(an_item(task_code=long, catalog_code=CATALOG_CODE), city=a_city(codes=LOCAL)).accepted
    assert accepted["task_code"].to_list() == [long]


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"task_code": "SZ01-77x"}, "task_code_malformed"),
        ({"task_code": "xSZ01-77"}, "task_code_malformed"),
        ({"catalog_code": None}, "catalog_code_missing"),
    ],
)
def test_a_local_row_needs_a_code_of_the_pattern_and_a_catalogue_code(
    changes: dict[str, str | None], rule: str
) -> None:
    row = an_item(**{"task_code": "SZ01-77", "catalog_code": CATALOG_CODE, **changes})
    assert [found for _, found, _ in the_rules(row, city=a_city(codes=LOCAL))] == [rule]


def test_a_pattern_nobody_can_match_is_a_fault_of_the_citys_file() -> None:
    city = a_city(codes={"scheme": "local", "pattern": "(?=x)x"})
    with pytest.raises(ConfigError, match=r"440300\.toml.*pattern"):
        validated(an_item(), city=city)
