"""Every finding and every rejection becomes one row in a city's own terms."""

from __future__ import annotations

import random
from datetime import date
from typing import Any

import pytest

from citysync.domain.findings import FINDINGS, REJECTIONS
from citysync.reports.rows import HEADINGS, ReceiptRow, county, field_label, meanings, receipt_rows
from tests.builders import CATALOG_CODE, TASK_CODE, TODAY

LABELS = {"elements_drift": "不一致", "unclaimed": "漏领", "task_code_missing": "缺少实施编码"}


def a_finding(**changes: Any) -> dict[str, Any]:
    finding: dict[str, Any] = dict.fromkeys(FINDINGS)
    finding |= {
        "check": "elements_drift",
        "severity": "error",
        "fault": "data",
        "suspected": False,
        "task_code": TASK_CODE,
        "catalog_code": CATALOG_CODE,
        "areacode": "440300",
        "field": "task_type",
        "expected": "01",
        "actual": "05",
        "hint": "在事项系统中改事项类型",
    }
    return {**finding, **changes}


def a_rejection(**changes: Any) -> dict[str, Any]:
    rejection: dict[str, Any] = dict.fromkeys(REJECTIONS)
    rejection |= {"row_no": 7, "field": "task_code", "rule": "task_code_missing", "hint": "补填实施编码"}
    return {**rejection, **changes}


def rows_of(findings: list[dict[str, Any]], rejections: list[dict[str, Any]], **changes: Any) -> list[ReceiptRow]:
    given: dict[str, Any] = {"found_on": TODAY, "labels": LABELS}
    return receipt_rows("440300", findings, rejections, **{**given, **changes})


def test_the_headings_are_the_fields_of_a_row_in_their_order() -> None:
    assert (*HEADINGS, "correction") == tuple(ReceiptRow.__dataclass_fields__)


def test_a_finding_says_what_where_what_it_should_be_and_by_when() -> None:
    [row] = rows_of([a_finding(due_on=date(2026, 11, 30))], [], names={TASK_CODE: "公共场所卫生许可"})
    assert dict(zip(HEADINGS.values(), row.cells(), strict=True)) == {
        "序号": "1",
        "县区": "市本级",
        "事项名称": "公共场所卫生许可",
        "实施编码": TASK_CODE,
        "业务办理项编码": "",
        "基本编码": CATALOG_CODE,
        "来源行号": "",
        "问题": "不一致",
        "级别": "错误",
        "字段": "事项类型（task_type）",
        "应为": "01",
        "现为": "05",
        "改哪里": "在事项系统中改事项类型",
        "首次发现": "2026-11-23",
        "截止": "2026-11-30",
        "备注": "宽限期内；01＝行政许可；05＝行政给付",
        "申诉说明": "",
    }


def test_a_rejected_row_is_found_by_its_number() -> None:
    [row] = rows_of([], [a_rejection(value="x", expected="31 位")])
    assert (row.row_no, row.problem, row.severity) == ("7", "缺少实施编码", "拒收")
    assert (row.field, row.expected, row.actual, row.hint) == ("实施编码（task_code）", "31 位", "x", "补填实施编码")
    assert row.note == "该行未参加核对"


def test_every_finding_and_rejection_stands_there_once_even_twins() -> None:
    findings = [a_finding(), a_finding(), a_finding(check="unclaimed", task_code=None, field="catalog_code")]
    rows = rows_of(findings, [a_rejection(), a_rejection(rule="task_name_missing")])
    assert [row.number for row in rows] == ["1", "2", "3", "4", "5"]
    assert sorted(row.problem for row in rows) == sorted(
        ["不一致", "不一致", "漏领", "缺少实施编码", "task_name_missing"]
    )


def test_rows_come_by_weight_and_do_not_depend_on_the_order_they_were_found_in() -> None:
    findings = [
        a_finding(severity=severity, areacode=area, actual=str(number))
        for number, severity in enumerate(["cosmetic", "warning", "error"] * 3)
        for area in ("440300", "440305")
    ]
    rejections = [a_rejection(row_no=number) for number in (10, 9, 100)]
    expected = rows_of(findings, rejections)
    assert [row.row_no for row in expected[:3]] == ["9", "10", "100"]
    assert [row.severity for row in expected] == ["拒收"] * 3 + ["错误"] * 6 + ["提示"] * 6 + ["书写差异"] * 6
    shuffle = random.Random(7)
    for _ in range(5):
        shuffle.shuffle(findings)
        shuffle.shuffle(rejections)
        assert rows_of(findings, rejections) == expected


def test_what_is_not_yet_certain_or_exempt_is_said() -> None:
    [row] = rows_of(
        [
            a_finding(
                suspected=True, exempt_reason="豁免已于 2026-11-20 到期（下放，粤府函〔2025〕1号）", field="task_name"
            )
        ],
        [],
    )
    assert row.note == "疑似，再次核对后确认；豁免已于 2026-11-20 到期（下放，粤府函〔2025〕1号）"


def test_an_item_is_named_by_the_most_exact_code_the_names_know() -> None:
    finding = a_finding(task_handle_item=f"{TASK_CODE}01")
    names = {CATALOG_CODE: "目录名", TASK_CODE: "事项名"}
    assert rows_of([finding], [], names=names)[0].item_name == "事项名"
    assert rows_of([finding], [], names={**names, f"{TASK_CODE}01": "办理项名"})[0].item_name == "办理项名"
    assert rows_of([a_finding(task_code=None)], [], names=names)[0].item_name == "目录名"
    assert rows_of([finding], [])[0].item_name == ""


@pytest.mark.parametrize(
    ("areacode", "city_code", "name"),
    [
        ("440300", "440300", "市本级"),
        ("440000", "440000", "省本级"),
        ("440305", "440300", "南山区"),
        ("440305", "440305", "南山区"),
        ("990000", "440300", "990000"),
        ("", "440300", ""),
    ],
)
def test_a_region_is_called_as_people_call_it(areacode: str, city_code: str, name: str) -> None:
    assert county(areacode, city_code) == name


def test_fields_and_codes_are_put_into_words_only_where_the_words_are_known() -> None:
    assert field_label("LOCAL_FIELD") == "LOCAL_FIELD"
    assert field_label("") == ""
    assert meanings("use_level", "3,4", "2") == "3＝市级；4＝县级；2＝省级"
    assert meanings("limit_scene_num", "≤ 3", "9") == ""
    assert meanings("task_type", "", "99") == ""
