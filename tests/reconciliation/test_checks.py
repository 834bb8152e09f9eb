"""Every check catches its case and lets the neighbouring one pass."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any

import polars as pl
import pytest

from citysync.domain.catalogue import MasterCatalogue
from citysync.domain.city import Exemption
from citysync.domain.findings import PLACE, Severity
from citysync.domain.snapshot import Grade
from citysync.domain.verdict import Axis, Fault
from citysync.reconciliation.checks import all_checks
from citysync.reconciliation.notes import NOTES, labels
from tests.builders import BODY, CATALOG_CODE, TASK_CODE, TODAY, a_city, a_master, a_master_item, an_item
from tests.reconciliation.cast import Place, a_code, tuned, walk

OTHER = "440106043002"
PARENT = "44010604300Y"
Rows = list[dict[str, str | None]]


@dataclass(frozen=True)
class Case:
    check: str
    rows: Rows
    said: list[Place]
    master: MasterCatalogue = field(default_factory=a_master)


def mastered(**changes: Any) -> MasterCatalogue:
    return a_master(a_master_item(**changes))


def with_subs() -> MasterCatalogue:
    subs = [a_master_item(catalog_code=code, parent_code=PARENT, use_level=[]) for code in (OTHER, CATALOG_CODE)]
    return a_master(*subs, a_master_item(catalog_code=PARENT, use_level=["3"]))


def on_item(code: str, **changes: str | None) -> dict[str, str | None]:
    return an_item(task_code=a_code(code), **changes)


CAUGHT = [
    Case(
        "unclaimed",
        tuned(),
        [("catalog_code", OTHER, None)],
        a_master(a_master_item(), a_master_item(catalog_code=OTHER)),
    ),
    Case("overclaimed", [an_item(), on_item(OTHER)], [("catalog_code", None, OTHER)]),
    Case("claimed_parent", [on_item(PARENT)], [("catalog_code", f"{CATALOG_CODE},{OTHER}", PARENT)], with_subs()),
    Case(
        "elements_drift", tuned(task_name="公共浴室卫生许可"), [("task_name", "公共场所卫生许可", "公共浴室卫生许可")]
    ),
    Case("elements_drift", tuned(task_type="07"), [("task_type", "01", "07")]),
    Case("elements_drift", tuned(by_law="第①条"), [("by_law", "第1条", "第①条")], mastered(by_law="第1条")),
    Case(
        "elements_drift",
        tuned(catalog_name="目录之外", task_name="随便"),
        [("catalog_name", "公共场所卫生许可", "目录之外")],
    ),
    Case(
        "text_cosmetic",
        tuned(task_name="公共场所（新办）卫生 许可"),
        [("task_name", "公共场所(新办)卫生许可", "公共场所（新办）卫生 许可")],
        mastered(task_name="公共场所(新办)卫生许可"),
    ),
    Case("level_mismatch", tuned(), [("use_level", "2,4", "3")], mastered(use_level=["2", "4"])),
    Case("withdrawn", tuned(), [("task_state", "3", "1")], mastered(plan_cancel_date=TODAY)),
    Case("withdrawn", tuned(task_state=None), [("task_state", "3", None)], mastered(plan_cancel_date=TODAY)),
    Case("duplicated", [an_item(), an_item(task_version="2")], [("task_version", "2", "1")]),
    Case("duplicated", [an_item(task_version=None), an_item()], [("task_version", "1", None)]),
    Case("duplicated", [an_item(), an_item(task_name="另一个名称")], [("task_version", None, "1")]),
    Case("duplicated", [an_item(), an_item(task_version="2", task_state="3")], [("task_version", "2", "1")]),
    Case("codes_disagree", tuned(dept_code="11440300007542100X"), [("dept_code", BODY, "11440300007542100X")]),
    Case("codes_disagree", tuned(use_level="4"), [("use_level", "3", "4")]),
    Case("codes_disagree", tuned(catalog_code=OTHER), [("catalog_code", CATALOG_CODE, OTHER)]),
    Case(
        "codes_disagree",
        tuned(task_handle_item=a_code(OTHER) + "01"),
        [("task_handle_item", TASK_CODE, a_code(OTHER) + "01")],
    ),
    Case("visits_over_cap", tuned(limit_scene_num="4", online_handle_depth=None), [("limit_scene_num", "≤ 3", "4")]),
    Case("visits_over_cap", tuned(limit_scene_num="2"), [("limit_scene_num", "≤ 1", "2")], mastered(limit_scene_num=1)),
    Case("visits_over_cap", tuned(limit_scene_num="4"), [("limit_scene_num", "≤ 3", "4")], mastered(limit_scene_num=9)),
    Case("visits_over_cap", [an_item(), on_item(OTHER, limit_scene_num="5")], [("limit_scene_num", "≤ 3", "5")]),
    Case("depth_and_visits", tuned(limit_scene_num="3"), [("limit_scene_num", "≤ 2", "3")]),
    Case(
        "depth_and_visits",
        tuned(online_handle_depth="三级", limit_scene_num="2"),
        [("limit_scene_num", "≤ 1", "2")],
    ),
    Case("depth_and_visits", tuned(online_handle_depth="全程网办"), [("limit_scene_num", "≤ 0", "1")]),
    Case("depth_and_visits", tuned(online_handle_depth="全程网办（Ⅳ级）"), [("limit_scene_num", "≤ 0", "1")]),
    Case(
        "depth_below_target", tuned(), [("online_handle_depth", "三级", "二级")], mastered(online_handle_depth="三级")
    ),
    Case(
        "depth_below_target",
        tuned(online_handle_depth="3,1,9"),
        [("online_handle_depth", "5,1", "3,1,9")],
        mastered(online_handle_depth="5,1"),
    ),
    Case("promise_over_legal", tuned(promise_day="21"), [("promise_day", "≤ 20", "21")]),
    Case("outdated", tuned(), [("task_version", "2", "1")], mastered(task_version=2)),
    Case(
        "uscc_invalid",
        tuned(task_code=f"11440300007542098F3{CATALOG_CODE}"),
        [("dept_code", None, "11440300007542098F")],
    ),
    Case("phones_equal", tuned(link_way="无", supervise_way="无"), [("supervise_way", None, "无")]),
    Case(
        "phone_missing",
        tuned(link_way=None, supervise_way=None),
        [("link_way", None, None), ("supervise_way", None, None)],
    ),
    Case("visits_unexplained", tuned(limit_scene_explain=None), [("limit_scene_explain", None, None)]),
    Case(
        "zero_visits_explained",
        tuned(limit_scene_num="0", limit_scene_explain="需到现场"),
        [("limit_scene_explain", None, "需到现场")],
    ),
    Case("zero_visits_need_post", tuned(limit_scene_num="0", is_online="0"), [("handle_type", "3", "1,2")]),
    Case("fee_without_basis", tuned(is_fee="1"), [("fee_basis", None, None)]),
    Case("pay_without_fee", tuned(is_pay_online="1"), [("is_pay_online", "0", "1")]),
    Case("value_unreadable", tuned(limit_scene_num="多次"), [("limit_scene_num", "整数", "多次")]),
    Case("code_cleaned", tuned(dept_code=f"{BODY[:4]} {BODY[4:]}"), [("dept_code", BODY, f"{BODY[:4]} {BODY[4:]}")]),
    Case(
        "number_decimal",
        [an_item(limit_scene_num="1.0"), an_item(limit_scene_num="1.0")],
        [("limit_scene_num", "1", "1.0")],
    ),
    Case("text_cleaned", tuned(link_way="0755&nbsp;1"), [("link_way", "0755\u00a01", "0755&nbsp;1")]),
    Case("text_deceptive", tuned(dept_name="深圳\u202e局"), [("dept_name", "深圳局", "深圳\u202e局")]),
]

PASSED = [
    Case("unclaimed", [an_item(), an_item(task_name="另一个名称")], []),  # in conflict, but there
    Case("unclaimed", [an_item(areacode="440300000000")], []),
    Case("unclaimed", [], [], mastered(use_level=[])),
    Case("unclaimed", [], [], mastered(plan_effective_date=date(2026, 11, 24))),
    Case("unclaimed", [], [], mastered(plan_cancel_date=TODAY)),
    Case("unclaimed", [], [], mastered(applies_to=["440100"])),
    Case("overclaimed", [on_item(PARENT)], [], with_subs()),
    Case("overclaimed", [an_item(), on_item(OTHER, task_state="3")], []),
    Case("claimed_parent", tuned(), [], mastered(parent_code=CATALOG_CODE)),  # its own parent: no sub-item
    Case("elements_drift", tuned(task_name=" 公共场所　卫生许可"), []),
    Case("elements_drift", tuned(by_law=None), []),
    Case("elements_drift", tuned(by_law="自定"), [], mastered(by_law=None)),
    Case("elements_drift", tuned(catalog_name="公共场所卫生许可", task_name="深圳市公共场所卫生许可（延续）"), []),
    Case("elements_drift", tuned(task_handle_item=f"{TASK_CODE}01", task_name="延续"), []),
    Case("text_cosmetic", tuned(task_name="公共浴室卫生许可"), []),
    Case("level_mismatch", tuned(), [], mastered(use_level=[])),
    Case("level_mismatch", tuned(), [], mastered(use_level=["2", "3"])),
    Case("withdrawn", tuned(), [], mastered(plan_cancel_date=date(2026, 11, 24))),
    Case("withdrawn", tuned(task_state="3"), [], mastered(plan_cancel_date=TODAY)),
    Case("duplicated", [an_item(), an_item()], []),
    Case("duplicated", [an_item(task_state="3"), an_item(task_version="2")], []),
    Case("duplicated", [an_item(), an_item(task_handle_item=f"{TASK_CODE}01")], []),
    Case("codes_disagree", tuned(dept_code=BODY, use_level="3", catalog_code=CATALOG_CODE), []),
    Case("codes_disagree", tuned(task_handle_item=f"{TASK_CODE}01"), []),
    Case("visits_over_cap", tuned(limit_scene_num="3"), []),
    Case("depth_and_visits", tuned(limit_scene_num="2"), []),
    Case("depth_and_visits", tuned(online_handle_depth="2,3", limit_scene_num="3"), []),
    Case("depth_and_visits", tuned(online_handle_depth="Ⅲ级", limit_scene_num="3"), []),
    Case("depth_below_target", tuned(online_handle_depth="2"), [], mastered(online_handle_depth="三级")),
    Case("depth_below_target", tuned(online_handle_depth="四级"), [], mastered(online_handle_depth="三级")),
    Case("depth_below_target", tuned(online_handle_depth="9"), [], mastered(online_handle_depth="3")),
    Case("depth_below_target", tuned(online_handle_depth="IV级"), [], mastered(online_handle_depth="全程网办")),
    Case("promise_over_legal", tuned(promise_day="21", promise_type="2"), []),
    Case("promise_over_legal", tuned(promise_day="21", promise_type=None), []),
    Case("outdated", tuned(task_version="3"), [], mastered(task_version=2)),
    Case("outdated", tuned(task_version=None), [], mastered(task_version=2)),
    Case("phones_equal", tuned(link_way=None, supervise_way=None), []),
    Case("visits_unexplained", tuned(limit_scene_num="0", limit_scene_explain=None), []),
    Case("zero_visits_explained", tuned(limit_scene_num="0", limit_scene_explain="全程网办"), []),
    Case("zero_visits_need_post", tuned(limit_scene_num="0", is_online="0", handle_type="3,1"), []),
    Case("zero_visits_need_post", tuned(limit_scene_num="0", is_online="0", handle_type=None), []),
    Case("fee_without_basis", tuned(is_fee="1", fee_basis="粤发改规〔2020〕1号"), []),
    Case("pay_without_fee", tuned(is_fee="1", is_pay_online="1"), []),
    Case("value_unreadable", tuned(promise_day="10个工作日"), []),
    Case("code_cleaned", tuned(dept_code=BODY), []),
    Case("number_decimal", tuned(limit_scene_num="1", promise_day="10个工作日"), []),
    Case("text_cleaned", tuned(link_way="0755 & 1 <b>"), []),
    Case("text_deceptive", tuned(dept_name="广东省 Ⅱ级 Ω"), []),
]


@pytest.mark.parametrize("case", CAUGHT, ids=lambda case: case.check)
def test_the_check_catches(case: Case) -> None:
    assert walk(case.rows, case.master).said(case.check) == case.said


@pytest.mark.parametrize("case", PASSED, ids=lambda case: case.check)
def test_the_check_lets_pass(case: Case) -> None:
    rows = case.rows or [on_item(OTHER)]
    assert walk(rows, case.master).said(case.check) == []


def test_a_wrong_check_character_of_a_local_code_is_nobodys_business() -> None:
    city = a_city(codes={"scheme": "local", "pattern": "[0-9A-Z-]+"})
    rows = [an_item(task_code="ABC-1", catalog_code=CATALOG_CODE, dept_code="X", use_level="3")]
    assert walk(rows, city=city).checks() == set()


def test_one_source_without_columns_is_told_once_per_column_and_not_per_row() -> None:
    rows = [an_item(), an_item(task_handle_item=f"{TASK_CODE}01")]
    found = walk(rows, absent=["link_way", "supervise_way", "fee_basis", "limit_scene_explain"])
    assert found.said("column_absent") == [
        (name, None, None) for name in ("fee_basis", "limit_scene_explain", "link_way", "supervise_way")
    ]
    assert found.checks() == {"column_absent"}


@pytest.mark.parametrize(
    ("unknown", "told"),
    [("linkWay", "，疑似改名为 linkWay"), ("zixun_dianhua2", "，疑似改名为 zixun_dianhua2"), ("CREATE_TIME", None)],
)
def test_an_absent_column_that_was_probably_renamed_says_into_what(unknown: str, told: str | None) -> None:
    city = a_city(fields={"link_way": "zixun_dianhua"})
    (hint,) = walk(absent=["link_way"], city=city, unknown_fields=(unknown,)).of("column_absent")["hint"]
    assert hint.endswith(told or "[fields] 中对应")


def test_a_code_the_master_abolished_is_told_with_the_day() -> None:
    changes = {OTHER: date(2026, 11, 20), CATALOG_CODE: date(2026, 11, 1)}
    found = walk([an_item(), on_item(OTHER)], a_master(changes=changes)).of("overclaimed")["hint"][0]
    assert found.endswith("（引用已废止目录：该编码自 2026-11-20 起不在基本目录）")
    never = walk([an_item(), on_item(OTHER)], a_master()).of("overclaimed")["hint"][0]
    assert "已废止" not in never


def test_an_absent_column_nobody_judges_is_not_mentioned() -> None:
    assert walk(absent=["dept_name"]).checks() == set()


def test_fields_nobody_mapped_are_told_once_each() -> None:
    assert walk(unknown_fields=("B_NEW", "A_NEW")).said("unknown_field") == [
        ("A_NEW", None, None),
        ("B_NEW", None, None),
    ]


def test_an_absence_names_the_region_that_should_have_the_item() -> None:
    city = a_city(counties=("440305", "440306"))
    found = walk([an_item(areacode="440305")], mastered(use_level=["3", "4"]), city)
    assert found.of("unclaimed").get_column("areacode").to_list() == ["440300", "440306"]
    assert (found.reconciliation.due, found.reconciliation.met, found.reconciliation.missing) == (3, 1, 2)


@pytest.mark.parametrize("named", ["440305", "440300", "440000"])
def test_an_item_for_a_region_applies_to_what_lies_in_it(named: str) -> None:
    city = a_city(counties=("440305",))
    found = walk([an_item()], mastered(use_level=["4"], applies_to=[named]), city)
    assert found.of("unclaimed").get_column("areacode").to_list() == ["440305"]


def test_a_main_item_obliges_through_its_sub_items_only() -> None:
    found = walk([on_item(OTHER)], with_subs())
    assert found.reconciliation.due == 0


def test_a_main_item_without_listed_sub_items_says_no_code() -> None:
    found = walk([on_item(PARENT)], mastered(catalog_code=PARENT))
    assert found.said("claimed_parent") == [("catalog_code", None, PARENT)]


def test_a_parent_the_master_only_names_is_claimed_not_overclaimed() -> None:
    found = walk([on_item("440106043009")], mastered(parent_code="440106043009", use_level=[]))
    assert found.checks() == {"claimed_parent"}


@pytest.mark.parametrize(
    ("areacode", "until", "missing"),
    [(None, TODAY, 0), ("440300", TODAY, 0), ("440305", TODAY, 1), (None, date(2026, 11, 22), 1)],
)
def test_an_exemption_lifts_the_obligation_in_its_region_until_its_last_day(
    areacode: str | None, until: date, missing: int
) -> None:
    exempt = Exemption(
        catalog_code=CATALOG_CODE, reason="delegated", document="粤府函〔2025〕00号", until=until, areacode=areacode
    )
    found = walk([on_item(OTHER)], city=a_city(exempt=(exempt,)))
    assert found.reconciliation.missing == found.reconciliation.due == missing
    assert found.reconciliation.exempted == 1 - missing
    expired = "豁免已于 2026-11-22 到期（下放，粤府函〔2025〕00号）" if until < TODAY else None
    assert found.of("unclaimed").get_column("exempt_reason").to_list() == [expired] * missing


@pytest.mark.parametrize(("grade", "missing"), [(Grade.A, 1), (Grade.B, 1), (Grade.C, 0)])
def test_an_absence_is_only_reported_from_what_is_proved_complete(grade: Grade, missing: int) -> None:
    found = walk([on_item(OTHER)], grade=grade).reconciliation
    assert (found.missing, found.due, found.met) == (missing, 1, 0)


@pytest.mark.parametrize("name", all_checks())
def test_every_check_says_what_it_is(name: str) -> None:
    module = all_checks()[name]
    assert str(module.__doc__).rstrip().endswith(("？", "。")), f"checks/{name}.py: ask its question in the docstring"
    assert module.LABEL
    assert module.REMEDY
    assert module.HINT
    assert module.SEVERITY in Severity
    assert module.FAULT is Fault.DATA
    assert module.AXIS in Axis
    assert isinstance(module.GRACED, bool)


@pytest.mark.parametrize("name", all_checks())
def test_every_check_is_silent_on_equal_sides(name: str) -> None:
    found = all_checks()[name].find(walk().match)
    assert found.is_empty()
    assert dict(found.drop("graced", "remark", strict=False).schema) == PLACE


def test_every_check_and_note_has_a_case_it_catches() -> None:
    elsewhere = {"unknown_field", "column_absent", "recoded", "areacode_succeeded"}  # see test_recoded, test_succession
    assert {case.check for case in CAUGHT} | elsewhere == {*all_checks(), *NOTES}


@pytest.mark.parametrize("case", CAUGHT, ids=lambda case: case.check)
def test_every_finding_tells_in_a_sentence_what_to_do(case: Case) -> None:
    hints = walk(case.rows, case.master).of(case.check).get_column("hint")
    assert hints.null_count() == 0
    assert not hints.str.contains("[{}]").any()
    assert hints.str.len_chars().min() > 8  # type: ignore[operator]


def test_a_check_of_the_folder_is_found_by_its_file_name() -> None:
    assert len(all_checks()) == 25
    assert pl.Series(list(all_checks())).is_sorted()


def test_every_finding_has_a_chinese_word() -> None:
    assert set(labels()) == {*all_checks(), *NOTES}
    assert len(set(labels().values())) == len(labels())
