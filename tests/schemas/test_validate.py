"""What becomes of a row that can be compared."""

from __future__ import annotations

import dataclasses

import polars as pl
import pytest

from schemas.directory import DIRECTORY
from schemas.notes import NOTES
from schemas.validate import together, validate
from tests.builders import BODY, CATALOG_CODE, TASK_CODE, TODAY, a_city, a_snapshot, an_item
from tests.schemas.rows import the_row, the_rules, validated


def test_a_healthy_row_is_accepted_with_every_column_typed() -> None:
    validation = validated(an_item())
    assert dict(validation.accepted.schema) == DIRECTORY
    assert (validation.received, validation.rejected_rows, validation.duplicate) == (1, 0, 0)
    assert validation.rejected.is_empty()
    assert validation.notes.is_empty()
    row = validation.accepted.row(0, named=True)
    assert (row["limit_scene_num"], row["promise_day"], row["task_version"]) == (1, 10, 1)


def test_a_city_that_sends_nothing_has_empty_tables() -> None:
    for snapshot in (a_snapshot([]), dataclasses.replace(a_snapshot([]), rows=pl.DataFrame())):
        validation = validate(snapshot, a_city(), TODAY)
        assert dict(validation.accepted.schema) == DIRECTORY
        assert dict(validation.notes.schema) == NOTES
        assert (validation.accepted.height, validation.received, validation.rejected.height) == (0, 0, 0)


def test_columns_the_source_lacks_are_named_and_all_null() -> None:
    validation = validate(a_snapshot([an_item()], absent=["by_law", "fee_basis"]), a_city(), TODAY)
    assert {"by_law", "fee_basis", "dept_code"} <= validation.absent
    assert "task_name" not in validation.absent
    assert validation.accepted["by_law"].is_null().all()


def test_what_the_code_says_is_filled_in_where_it_is_not_sent() -> None:
    row = the_row()
    assert (row["dept_code"], row["use_level"], row["catalog_code"]) == (BODY, "3", CATALOG_CODE)


def test_what_is_sent_stays_even_if_the_code_says_otherwise() -> None:
    row = the_row(dept_code="114403000075420000", use_level="4", catalog_code="440199999999")
    assert (row["dept_code"], row["use_level"], row["catalog_code"]) == ("114403000075420000", "4", "440199999999")


def test_a_handle_items_code_is_split() -> None:
    row = the_row(task_code=TASK_CODE + "01")
    assert (row["task_code"], row["task_handle_item"]) == (TASK_CODE, TASK_CODE + "01")
    assert row["catalog_code"] == CATALOG_CODE


def test_a_handle_items_code_sent_by_itself_stays() -> None:
    row = the_row(task_code=TASK_CODE + "01", task_handle_item=TASK_CODE + "02")
    assert (row["task_code"], row["task_handle_item"]) == (TASK_CODE, TASK_CODE + "02")


def test_texts_are_kept_as_sent() -> None:
    assert the_row(task_name=" 公共场所 卫生许可\u3000")["task_name"] == " 公共场所 卫生许可\u3000"
    assert the_row(by_law="\u200b")["by_law"] is None


@pytest.mark.parametrize(
    ("areacode", "belongs_to"),
    [
        (None, "440300"),
        ("440305", "440305"),
        ("440305000", "440305"),
        ("440305000000", "440305"),
        ("４４０３０５", "440305"),
    ],
)
def test_a_row_belongs_to_the_city_or_one_of_its_counties(areacode: str | None, belongs_to: str) -> None:
    validation = validated(an_item(areacode=areacode), city=a_city(counties=None))
    assert validation.accepted["areacode"].to_list() == [belongs_to]


def test_a_row_without_a_division_belongs_where_its_code_says_if_that_is_one_of_ours() -> None:
    county = an_item(task_code=f"11440305007542098E4{CATALOG_CODE}", areacode=None)
    central = an_item(task_code=f"11100000007542098E3{CATALOG_CODE}", areacode=None)
    validation = validated(county, central, city=a_city(counties=None))
    assert validation.accepted["areacode"].to_list() == ["440305", "440300"]


@pytest.mark.parametrize("areacode", ["440100", "440305001000", "44030", "深圳市", "440300001"])
def test_a_row_of_another_place_is_rejected(areacode: str) -> None:
    assert the_rules(an_item(areacode=areacode), city=a_city(counties=None)) == [(1, "areacode_foreign", "areacode")]


def test_a_foreign_row_is_told_which_divisions_are_its_citys() -> None:
    rejected = validated(an_item(areacode="440305"), city=a_city(counties=("440303",))).rejected.row(0, named=True)
    assert rejected["expected"] == "440300,440303"
    assert rejected["value"] == "440305"
    assert "440303（罗湖区）" in rejected["hint"]


def test_identical_twins_are_merged_and_counted() -> None:
    validation = validated(an_item(), an_item(), an_item(row_guid="x", cd_time="2026-11-22", cd_operation="u"))
    assert validation.accepted["row_no"].to_list() == [1]
    assert validation.duplicate == 2


@pytest.mark.parametrize("changes", [{"task_version": "2"}, {"task_name": "改名"}, {"areacode": "440305"}])
def test_rows_that_differ_in_what_they_say_are_no_twins(changes: dict[str, str | None]) -> None:
    validation = validated(an_item(), an_item(**changes), city=a_city(counties=None))
    assert (validation.accepted.height, validation.duplicate) == (2, 0)


def test_twins_written_differently_but_read_alike_are_merged_and_every_note_is_kept() -> None:
    rows = [an_item(limit_scene_num="1"), an_item(limit_scene_num="1.0", task_code=TASK_CODE + " ")]
    for order in (rows, rows[::-1]):
        validation = validated(*order)
        assert validation.duplicate == 1
        assert validation.notes["check"].to_list() == ["code_cleaned", "number_decimal"]


def test_of_several_items_of_one_code_only_twins_are_merged_and_the_rest_keeps_its_order() -> None:
    first, second = (f"{TASK_CODE}{number}" for number in ("01", "02"))
    rows = [an_item(task_handle_item=item) for item in (second, first, None, first)]
    validation = validated(*rows, an_item(task_handle_item=second, task_name="改名"))
    assert validation.accepted["row_no"].to_list() == [1, 2, 3, 5]
    assert validation.duplicate == 1


def test_a_rejected_row_is_no_ones_twin() -> None:
    validation = validated(an_item(), an_item(task_type="99"), an_item(task_type="99"))
    assert (validation.accepted.height, validation.rejected_rows, validation.duplicate) == (1, 2, 0)


def test_a_few_rows_with_their_kin_become_what_they_become_among_all() -> None:
    rows = [
        an_item(),
        an_item(),
        an_item(task_version="2", task_name="改了名的许可"),
        an_item(task_code=f" {TASK_CODE}01", task_handle_item=None),
        an_item(task_code=f"{TASK_CODE}01", task_handle_item=f"{TASK_CODE}01"),
        an_item(task_code="短码"),
        an_item(task_code=None, task_name=None),
        an_item(task_type="99"),
        an_item(task_code=f"{BODY}3440106043002"),
        an_item(task_code="".join(chr(ord(each) + 0xFEE0) for each in f"{BODY}3440106043002")),
    ]
    snapshot, city = a_snapshot(rows), a_city()
    whole = validate(snapshot, city, TODAY)
    sizes = []
    for number in snapshot.rows["row_no"]:
        few = together(snapshot, city, pl.Series([number]))
        sizes.append(few.rows.height)
        alone = validate(few, city, TODAY)
        for name in ("accepted", "rejected"):
            mine = pl.col("row_no").is_in(few.rows["row_no"].implode())
            assert getattr(alone, name).equals(getattr(whole, name).filter(mine)), (number, name)
    assert sizes == [4, 4, 4, 2, 2, 1, 1, 4, 2, 2], "kin are those of the same keys as read"
