"""Characters nobody sees or typed, and texts that were read wrongly on their way."""

from __future__ import annotations

from collections.abc import Callable

import polars as pl
import pytest

from citysync.domain.items import NUMERIC
from schemas import cleaning
from schemas.validate import validate
from tests.builders import BODY, CATALOG_CODE, TASK_CODE, TODAY, a_city, a_snapshot, an_item
from tests.schemas.rows import the_notes, the_row, the_rules, validated

NAME = "公共场所卫生许可"
MOVED = {"FE59": "\u9fb4", "FE61": "\u9fb5", "FEA0": "\u9fbb", "A6D9": "\ufe10", "A6F3": "\ufe19", "FE51": "\U00020087"}


def asked(expression: Callable[[pl.Expr], pl.Expr], text: str | None) -> object:
    return pl.DataFrame({"text": [text, "甲"]}).select(expression(pl.col("text"))).to_series()[0]


@pytest.mark.parametrize(("old", "standard"), MOVED.items())
def test_a_private_use_character_of_the_old_table_becomes_the_standards_and_is_noted(old: str, standard: str) -> None:
    sent = f"名{bytes.fromhex(old).decode('gb18030')}"
    assert the_row(dept_name=sent)["dept_name"] == f"名{standard}"
    assert the_notes(dept_name=sent) == [("text_cleaned", "dept_name", f"名{standard}", sent)]


@pytest.mark.parametrize("mark", ["\u200b", "\ufeff", "\u00ad", "\u2060", "\u180e"])
def test_an_invisible_character_in_a_name_is_removed_and_noted(mark: str) -> None:
    sent = f"{NAME}{mark}"
    assert the_row(task_name=sent)["task_name"] == NAME
    assert the_notes(task_name=sent) == [("text_cleaned", "task_name", NAME, sent)]


def test_a_character_that_turns_the_text_round_is_flagged_as_well() -> None:
    assert {check for check, *_ in the_notes(dept_name=f"\u202e{NAME}")} == {"text_cleaned", "text_deceptive"}


@pytest.mark.parametrize(
    ("text", "flagged"),
    [("深圳市А局", True), ("A\u0421B", True), ("深圳市A局", False), ("β-受体", False), ("Ω", False), (None, None)],
)
def test_a_letter_that_looks_like_another_is_flagged(text: str | None, flagged: bool | None) -> None:  # noqa: FBT001
    assert asked(cleaning.deceptive, text) is flagged


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        ("甲&nbsp;乙", "甲\u00a0乙"),
        ("甲&#12288;乙", "甲\u3000乙"),
        ("甲<br/>乙<BR>丙", "甲\n乙\n丙"),
        ("甲_x000B_乙", "甲乙"),
        ("甲_x005F_乙", "甲_乙"),
        ("&amp;nbsp;", "&nbsp;"),
        ("&lt;br&gt;", "<br>"),
        ("_x005F_x000B_", "_x000B_"),
        ("A&B; 甲 & 乙 <b>", "A&B; 甲 & 乙 <b>"),
        ("甲\x00乙", "甲\x00乙"),
    ],
)
def test_an_escape_is_decoded_once(sent: str, read: str) -> None:
    assert asked(cleaning.cleaned, sent) == read


def test_a_control_character_never_gets_as_far_as_a_table() -> None:
    assert the_row(task_name=f"{NAME}\x00\x1b")["task_name"] == NAME
    assert the_notes(task_name=f"{NAME}\x00") == [("text_cleaned", "task_name", NAME, f"{NAME}␀")]


def test_a_control_character_in_a_code_makes_it_no_code() -> None:
    rejected = validated(an_item(task_code=f"{TASK_CODE}\x00")).rejected.row(0, named=True)
    assert (rejected["rule"], rejected["value"]) == ("task_code_malformed", f"{TASK_CODE}␀")
    assert "控制字符" in rejected["hint"]
    assert the_row(task_code=f"\t{TASK_CODE}")["task_code"] == TASK_CODE


GARBLED = [
    "公共场所\ufffd",
    "锟斤拷锟斤拷",
    "深圳".encode().decode("latin-1"),
    "深圳公共".encode().decode("cp1252", "ignore"),
    "公共场所".encode("gbk").decode("latin-1"),
    "公共场所".encode().decode("gb18030"),
    "公共场所卫".encode().decode("gb18030", "replace"),
    "\\ud800公共",
]


@pytest.mark.parametrize("text", GARBLED)
def test_a_name_read_in_a_wrong_encoding_is_rejected_not_compared(text: str) -> None:
    assert asked(cleaning.garbled, text) is True
    for field in ("task_name", "catalog_name", "by_law"):
        assert the_rules(an_item(**{field: text})) == [(1, "text_garbled", field)]


@pytest.mark.parametrize(
    "text",
    [
        "",
        None,
        NAME,
        "A 级（Ⅱ类）×3",
        "温度≥20℃±5",
        "·····",
        "……——“”",
        "café",
        "Müller",
        "普通话水平测试",
        "内燃机·锅炉",
        "碓碓碓",
    ],
)
def test_a_name_that_is_only_unusual_is_not_garbled(text: str | None) -> None:
    assert not asked(cleaning.garbled, text)


@pytest.mark.parametrize("name", ["测试", "测试事项001", "【测试】请勿办理", "TEST_01", "test", "测试数据（请勿删除）"])
def test_a_trial_is_no_item(name: str) -> None:
    assert the_rules(an_item(task_name=name)) == [(1, "test_data", "task_name")]


@pytest.mark.parametrize("name", ["普通话水平测试", "测试机构资质认定", "软件测试", "testing ground 许可"])
def test_an_item_about_tests_is_an_item(name: str) -> None:
    assert the_rules(an_item(task_name=name)) == []


def test_a_name_that_became_an_object_is_rejected_with_an_example() -> None:
    rejected = validated(an_item(task_name='{"zh":"甲"}')).rejected.row(0, named=True)
    assert (rejected["rule"], rejected["value"]) == ("value_nested", '{"zh":"甲"}')
    assert the_rules(an_item(task_name="{甲}")) == []


@pytest.mark.parametrize(
    ("field", "sent"),
    [
        ("catalog_code", "1.0410E+11"),
        ("task_handle_item", "1.14403000075411e+32"),
        ("dept_code", f"114403000075{NUMERIC}"),
    ],
)
def test_a_code_that_was_a_number_is_never_compared(field: str, sent: str) -> None:
    rejected = validated(an_item(**{field: sent})).rejected
    assert rejected.select("rule", "field").rows() == [("code_damaged", field)]
    assert "Excel 已丢失末位数字" in rejected["hint"][0]


def test_a_whole_code_with_an_e_in_it_is_no_power_of_ten() -> None:
    assert BODY.endswith("E")
    assert the_rules(an_item(task_handle_item=f"{TASK_CODE}01", task_code=f"{TASK_CODE}01")) == []


@pytest.mark.parametrize("sent", [f"12345{NUMERIC}", "1.23E+30"])
def test_a_local_pattern_does_not_take_a_number_for_a_code(sent: str) -> None:
    city = a_city(codes={"scheme": "local", "pattern": "[0-9]{5,7}"})
    row = an_item(task_code=sent, catalog_code=CATALOG_CODE)
    assert [rule for _, rule, _ in the_rules(row, city=city)] == ["task_code_malformed"]


def test_lost_zeros_are_suggested_and_never_put_back() -> None:
    city = a_city(codes={"scheme": "local", "pattern": "[0-9]+"})
    rejected = validated(an_item(task_code="1", catalog_code="104002000"), city=city).rejected.row(0, named=True)
    assert (rejected["rule"], rejected["value"]) == ("catalog_code_malformed", "104002000")
    assert "000104002000" in rejected["hint"]


def test_a_hundred_thousand_bad_rows_are_each_accounted_for() -> None:
    bad = [an_item(task_code=f"bad{number}") for number in range(500)]
    frame = a_snapshot(bad).rows
    rows = pl.concat([frame] * 200).with_columns(row_no=pl.int_range(1, 100_001, dtype=pl.Int64))
    snapshot = a_snapshot(bad)
    validation = validate(type(snapshot)(**{**vars(snapshot), "rows": rows}), a_city(), TODAY)
    assert (validation.received, validation.rejected_rows, validation.accepted.height) == (100_000, 100_000, 0)
    assert validation.duplicate == 0


def test_every_text_read_in_the_wrong_encoding_is_looked_at_and_no_other_is_called_garbled() -> None:
    chinese = [chr(code) for code in (*range(0x2010, 0x2028), *range(0x3000, 0xA000), *range(0xFF00, 0xFFF0))]
    double = [
        f"{before}{letter}公".encode().decode("gb18030", "replace") for letter in chinese for before in ("", "A1")
    ]
    single = [f"{letter}A" for code in range(0x80, 0x20000) if not 0xD800 <= code < 0xE000 for letter in [chr(code)]]
    texts = pl.Series("text", [*double, *single, "公共场所", "", "abc", None])
    plainly = texts.str.contains(cleaning.GARBLED).fill_null(value=False)
    slowly = [text is not None and cleaning._is_utf8_read_as_gbk(text) for text in texts]
    found = pl.DataFrame({"text": texts}).select(cleaning.garbled(pl.col("text"))).to_series()
    assert found.to_list() == (plainly | pl.Series(slowly)).to_list()
    assert sum(slowly) > len(chinese) // 2, "nothing quiet was among them"
