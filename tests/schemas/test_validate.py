"""What becomes of each row a city sends: accepted, rejected or merged."""

from __future__ import annotations

import dataclasses
import random
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pandera.config import ValidationDepth, config_context

from citysync.domain import items
from citysync.domain.city import City
from citysync.domain.errors import ConfigError
from citysync.domain.outcome import Validation
from schemas.directory import DIRECTORY, Directory, NationalDirectory
from schemas.findings import RULES, Findings, Rejections
from schemas.notes import NOTES
from schemas.proof import NotProved, prove
from schemas.validate import TRAVEL, account, validate
from tests.builders import BODY, CATALOG_CODE, TASK_CODE, TODAY, a_city, a_snapshot, an_item

LOCAL = {"scheme": "local", "pattern": "[0-9A-Z]{4}-[0-9]+"}


def validated(*rows: dict[str, str | None], city: City | None = None) -> Validation:
    return validate(a_snapshot(rows), city or a_city(), TODAY)


def the_row(**changes: str | None) -> dict[str, Any]:
    """Return the one row accepted of an item with changes."""
    validation = validated(an_item(**changes))
    assert validation.rejected.is_empty()
    return validation.accepted.row(0, named=True)


def the_rules(*rows: dict[str, str | None], city: City | None = None) -> list[tuple[int, str, str]]:
    return validated(*rows, city=city).rejected.select("row_no", "rule", "field").rows()


def the_notes(**changes: str | None) -> list[tuple[str, ...]]:
    return validated(an_item(**changes)).notes.select("check", "field", "expected", "actual").rows()


# --- a healthy row


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


# --- where a row belongs


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


# --- rejections


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


def test_a_rejection_names_the_code_without_its_blanks() -> None:
    rejected = validated(an_item(task_code=f" {TASK_CODE}01", task_type=None)).rejected
    assert rejected["task_code"].to_list() == [TASK_CODE + "01"]


# --- notes


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


# --- twins


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
        assert validation.notes["check"].to_list() == ["code_cleaned"]


def test_a_rejected_row_is_no_ones_twin() -> None:
    validation = validated(an_item(), an_item(task_type="99"), an_item(task_type="99"))
    assert (validation.accepted.height, validation.rejected_rows, validation.duplicate) == (1, 2, 0)


# --- local codes


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


# --- accounting and proof


WORDS = st.sampled_from([None, "", " ", "1", "01", "21", "1,2", "x", "无", "440300", "2024-02-09", "\u200b", TASK_CODE])
FIELDS = (
    "task_type",
    "task_name",
    "task_state",
    "handle_type",
    "promise_day",
    "areacode",
    "plan_cancel_date",
    "is_fee",
)


@st.composite
def any_item(draw: st.DrawFn) -> dict[str, str | None]:
    serial = draw(st.sampled_from(["043001", "043002", "04300", "０43001"]))
    changes = draw(st.dictionaries(st.sampled_from(FIELDS), WORDS, max_size=3))
    return an_item(task_code=f"{BODY}3440106{serial}", **changes)


@settings(max_examples=60, deadline=None)
@given(st.lists(any_item(), max_size=12), st.randoms(use_true_random=False))
def test_every_row_is_accounted_for_and_order_changes_nothing(
    rows: list[dict[str, str | None]], dice: random.Random
) -> None:
    said = [name for name in items.NAMES if name not in TRAVEL]
    first = validated(*rows)
    assert first.received == len(rows) == first.accepted.height + first.rejected_rows + first.duplicate
    shuffled = rows.copy()
    dice.shuffle(shuffled)
    second = validated(*shuffled)
    assert first.accepted.select(said).sort(said).equals(second.accepted.select(said).sort(said))
    assert first.notes.equals(second.notes)
    numbers = ("row_no", "hint")
    one, two = (v.rejected.drop(numbers).sort(pl.all()) for v in (first, second))
    assert one.equals(two)


def test_a_large_city_of_only_bad_rows_keeps_its_accounts() -> None:
    snapshot = a_snapshot([an_item(task_code=f"bad{n}", task_type=f"t{n}", handle_type=f"h{n}") for n in range(20_000)])
    validation = validate(snapshot, a_city(), TODAY)
    assert (validation.rejected_rows, validation.accepted.height) == (20_000, 0)
    assert validation.rejected.height == 60_000
    assert validation.rejected["row_no"].is_sorted()


def test_a_row_that_vanished_stops_the_run() -> None:
    lost = dataclasses.replace(validated(an_item()), received=2)
    with pytest.raises(NotProved, match="收到 2 行 ≠ 接受 1"):
        account(lost, a_city())


def test_two_rows_of_one_number_stop_the_run() -> None:
    snapshot = a_snapshot([an_item(), an_item(task_version="2")])
    same = dataclasses.replace(snapshot, rows=snapshot.rows.with_columns(row_no=pl.lit(1, pl.Int64)))
    with pytest.raises(NotProved, match="row_no"):
        validate(same, a_city(), TODAY)


@pytest.mark.parametrize(
    "miscast",
    [
        pl.col("task_type").replace("01", "99"),
        pl.lit("2,1").alias("handle_type"),
        pl.lit("1,1").alias("handle_type"),
        pl.lit("440 300").alias("areacode"),
        pl.lit(-1, pl.Int64).alias("limit_scene_num"),
        pl.lit("1").alias("limit_scene_num"),
        pl.lit(None, pl.String).alias("task_name"),
        pl.lit(None, pl.String).alias("use_level"),
        pl.lit(TASK_CODE + "01").alias("task_code"),
        pl.lit(0, pl.Int64).alias("row_no"),
        pl.lit("x").alias("stranger"),
    ],
)
def test_what_we_cast_wrongly_is_our_fault_and_stops_the_run(miscast: pl.Expr) -> None:
    accepted = validated(an_item()).accepted
    assert prove(accepted, NationalDirectory) is accepted
    with pytest.raises(NotProved, match="本系统的缺陷"):
        prove(accepted.with_columns(miscast), NationalDirectory)


def test_the_proof_does_not_repeat_what_the_rows_say() -> None:
    accepted = validated(an_item(link_way="0755-87654321")).accepted
    with pytest.raises(NotProved) as caught:
        prove(accepted.with_columns(task_type=pl.lit("机密")), NationalDirectory)
    assert "机密" not in str(caught.value)
    assert "task_type" in str(caught.value)


def test_a_local_directory_may_lack_what_only_national_codes_say() -> None:
    accepted = validated(an_item()).accepted.with_columns(task_code=pl.lit("X-1"), use_level=pl.lit(None, pl.String))
    assert prove(accepted, Directory) is accepted


@pytest.mark.parametrize("blind", [{"validation_enabled": False}, {"validation_depth": ValidationDepth.SCHEMA_ONLY}])
def test_a_pandera_told_to_look_away_stops_the_run(blind: dict[str, Any]) -> None:
    with config_context(**blind), pytest.raises(ConfigError, match="PANDERA_VALIDATION"):
        validated(an_item())


def test_tables_that_go_back_to_a_city_have_their_models() -> None:
    rejected = validated(an_item(task_type="99")).rejected
    assert prove(rejected, Rejections) is rejected
    assert set(rejected["rule"]) <= set(RULES)
    with pytest.raises(NotProved):
        prove(rejected.with_columns(rule=pl.lit("unheard_of")), Rejections)


def test_a_finding_without_a_known_severity_or_side_is_none() -> None:
    finding = pl.DataFrame(
        {name: [None] for name in Findings.columns},
        schema={name: column.dtype.type for name, column in Findings.columns.items()},
    ).with_columns(check=pl.lit("unclaimed"), severity=pl.lit("error"), fault=pl.lit("data"), suspected=pl.lit(False))
    assert prove(finding, Findings) is finding
    for wrong in (
        pl.lit("fatal").alias("severity"),
        pl.lit("nobody").alias("fault"),
        pl.lit(None, pl.String).alias("check"),
    ):
        with pytest.raises(NotProved):
            prove(finding.with_columns(wrong), Findings)
