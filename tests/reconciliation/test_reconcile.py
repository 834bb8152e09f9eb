"""The table of findings: the same whatever the order of rows, dated, and told in words."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import date

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from citysync.domain.errors import MasterError
from citysync.domain.findings import FINDINGS
from citysync.domain.workdays import calendar
from citysync.reconciliation.checks import all_checks
from citysync.reconciliation.match import match
from citysync.reconciliation.reconcile import ORDER, reconcile
from tests.builders import CATALOG_CODE, TASK_CODE, TODAY, a_city, a_master, a_master_item, an_item
from tests.reconciliation.cast import Walk, a_code, tuned, walk

OTHER = "440106043002"
THIRD = "440106043003"
PARENT = "44010604300Y"


def everything_wrong() -> Walk:
    """Return a city with something of nearly every check."""
    rows = [
        an_item(
            task_version="2", task_name="公共 场所卫生许可", limit_scene_num="5", link_way="无", supervise_way="无"
        ),
        an_item(),
        an_item(task_version="2", task_handle_item=f"{TASK_CODE}01", promise_day="30", is_fee="1"),
        an_item(task_code=a_code(PARENT)),
        an_item(task_code=a_code("440106049001"), limit_scene_explain=None, use_level="4"),
        an_item(task_code=a_code(OTHER), task_name="另一", online_handle_depth="一级"),
        an_item(task_code=a_code(OTHER), task_name="又一", areacode="440300", online_handle_depth="一级"),
        an_item(task_code=a_code(THIRD), task_type="99"),
        an_item(task_code=a_code(THIRD, level="2"), by_law="别的", limit_scene_num="两次"),
    ]
    subs = [a_master_item(catalog_code=code, parent_code=PARENT) for code in (CATALOG_CODE, OTHER, THIRD)]
    absent = a_master_item(catalog_code="440106043009", task_name="没人认领")
    return walk(rows, a_master(*subs, absent), unknown_fields=("X", "B"))


def reconciled_again(before: Walk, order: list[int]) -> pl.DataFrame:
    """Return the findings of the same rows, handed on in another order."""
    rows = before.validation.accepted
    shuffled = replace(before.validation, accepted=rows[order], notes=before.validation.notes.reverse())
    matched = match(shuffled, before.match.master, a_city(), TODAY)
    seen = frozenset(before.match.unclaimed.iter_rows())
    return reconcile(matched, shuffled, before.snapshot, a_city(), TODAY, calendar(), absent_before=seen).findings


WRONG = everything_wrong()


@settings(max_examples=15, deadline=None)
@given(st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_nothing(chance: random.Random) -> None:
    order = list(range(WRONG.validation.accepted.height))
    chance.shuffle(order)
    assert reconciled_again(WRONG, order).equals(WRONG.findings)


def test_findings_are_one_table_in_one_order_each_once() -> None:
    assert dict(WRONG.findings.schema) == FINDINGS
    assert WRONG.findings.equals(WRONG.findings.sort(ORDER, nulls_last=False))
    assert WRONG.findings.is_duplicated().sum() == 0
    assert len(WRONG.checks()) > 12


def test_two_equal_sides_are_silent() -> None:
    found = walk().reconciliation
    assert found.findings.is_empty()
    assert (found.due, found.met, found.paired, found.missing, found.overclaimed, found.drifted) == (1, 1, 1, 0, 0, 0)


def test_a_city_that_sent_nothing_is_compared_without_falling_over() -> None:
    found = walk([], absent=()).reconciliation
    assert (found.due, found.met, found.missing) == (1, 0, 1)


def test_a_row_that_drifts_in_two_fields_is_one_drifted_row() -> None:
    found = walk(tuned(task_name="别的", by_law="别的"))
    assert len(found.said("elements_drift")) == 2
    assert found.reconciliation.drifted == 1


def test_a_row_in_conflict_is_judged_by_nothing_else() -> None:
    assert walk([an_item(), an_item(limit_scene_num="9")]).checks() == {"duplicated"}


def test_only_the_newest_version_is_judged() -> None:
    found = walk([an_item(task_version="1", task_name="旧名"), an_item(task_version="2")])
    assert found.checks() == {"duplicated"}


def test_a_withdrawn_newest_version_leaves_the_obligation_unmet() -> None:
    found = walk([an_item(task_version="1"), an_item(task_version="2", task_state="3")])
    assert found.checks() == {"duplicated", "unclaimed"}


def test_a_change_of_the_master_gives_five_working_days() -> None:
    changed = a_master(changes={CATALOG_CODE: date(2026, 11, 20)})
    found = walk(tuned(task_name="旧名"), changed)
    assert found.of("elements_drift").get_column("due_on").to_list() == [date(2026, 11, 27)]


@pytest.mark.parametrize(("on", "due_on"), [(date(2026, 11, 27), date(2026, 11, 27)), (date(2026, 11, 28), None)])
def test_grace_ends_with_its_last_day(on: date, due_on: date | None) -> None:
    changed = a_master(changes={CATALOG_CODE: date(2026, 11, 20)})
    found = walk(tuned(task_name="旧名"), changed, on=on)
    assert found.of("elements_drift").get_column("due_on").to_list() == [due_on]


@pytest.mark.parametrize(
    ("changed_on", "due_on"),
    [
        (date(2025, 9, 30), date(2025, 10, 14)),  # over National Day, with its worked Saturday
        (date(2026, 2, 14), date(2026, 2, 28)),  # over Spring Festival, into a worked Saturday
        (date(2026, 12, 29), date(2027, 1, 5)),  # over the year, into one without a calendar
        (date(2024, 2, 27), date(2024, 3, 5)),  # over a leap day
    ],
)
def test_grace_counts_worked_days_over_holidays(changed_on: date, due_on: date) -> None:
    found = walk(tuned(task_name="旧名"), a_master(changes={CATALOG_CODE: changed_on}), on=due_on)
    assert found.of("elements_drift").get_column("due_on").to_list() == [due_on]


def test_each_batch_of_changes_has_its_own_grace() -> None:
    items = a_master_item(), a_master_item(catalog_code=OTHER), a_master_item(catalog_code=THIRD)
    master = a_master(*items, changes={CATALOG_CODE: date(2026, 11, 13), OTHER: date(2026, 11, 20)})
    rows = [an_item(task_code=a_code(code), task_name="旧名") for code in (CATALOG_CODE, OTHER, THIRD)]
    found = dict(walk(rows, master, on=date(2026, 11, 20)).of("elements_drift").select("catalog_code", "due_on").rows())
    assert found == {CATALOG_CODE: date(2026, 11, 20), OTHER: date(2026, 11, 27), THIRD: None}
    later = dict(walk(rows, master, on=date(2026, 11, 23)).of("elements_drift").select("catalog_code", "due_on").rows())
    assert later == {CATALOG_CODE: None, OTHER: date(2026, 11, 27), THIRD: None}


def test_a_check_that_judges_a_row_by_itself_knows_no_grace() -> None:
    changed = a_master(changes={CATALOG_CODE: date(2026, 11, 20)})
    found = walk(tuned(promise_day="21"), changed)
    assert found.of("promise_over_legal").get_column("due_on").to_list() == [None]


@pytest.mark.parametrize(("visits", "graced"), [("2", True), ("4", False)])
def test_more_than_three_visits_are_never_in_grace(visits: str, *, graced: bool) -> None:
    changed = a_master(a_master_item(limit_scene_num=1), changes={CATALOG_CODE: date(2026, 11, 20)})
    found = walk(tuned(limit_scene_num=visits), changed)
    assert found.of("visits_over_cap").get_column("due_on").is_not_null().to_list() == [graced]


def test_an_absence_seen_once_is_suspected() -> None:
    found = walk(tuned(task_code=a_code(OTHER)), suspected=frozenset({("440300", CATALOG_CODE)}))
    assert found.of("unclaimed").get_column("suspected").to_list() == [True]
    assert found.of("overclaimed").get_column("suspected").to_list() == [False]


def test_an_item_the_city_itself_marks_as_withdrawn_is_declared_and_needs_no_second_look() -> None:
    found = walk(tuned(task_state="3"), suspected=frozenset({("440300", CATALOG_CODE)})).of("unclaimed")
    assert found.get_column("suspected").to_list() == [False]
    assert found.get_column("hint")[0].endswith("（本市目录中该事项状态为“取消”）")


def test_an_item_paused_by_the_city_is_not_declared_withdrawn() -> None:
    found = walk(tuned(task_state="2"), suspected=frozenset({("440300", CATALOG_CODE)})).of("unclaimed")
    assert found.get_column("suspected").to_list() == [True]


def test_a_hint_says_what_to_change_and_into_what() -> None:
    (hint,) = walk(tuned(task_type="07")).of("elements_drift").get_column("hint")
    assert hint.startswith("把“事项类型”由“07（行政确认）”改为“01（行政许可）”")


@pytest.mark.parametrize(("name", "said"), [("公共場所卫生许可", True), ("公共场馆卫生许可", False)])
def test_a_name_that_differs_by_variant_characters_only_is_a_difference_that_says_so(name: str, *, said: bool) -> None:
    (hint,) = walk(tuned(task_name=name)).of("elements_drift").get_column("hint")
    assert ("只是异体字或繁简字不同" in hint) is said


def test_a_hint_of_an_absence_names_the_rejected_row_that_would_have_met_it() -> None:
    city = a_city(counties=("440305", "440306"))
    rows = [an_item(areacode="440306"), an_item(areacode="440305", task_type="99")]
    found = walk(rows, a_master(a_master_item(use_level=["4"])), city)
    (hint,) = found.of("unclaimed").get_column("hint")
    assert "认领基本目录“440106043001 公共场所卫生许可”" in hint
    assert hint.endswith("（第 2 行因“事项类型”为“99”被拒收，改正后即可认领）")


def test_a_rejected_row_of_another_county_is_not_named() -> None:
    city = a_city(counties=("440305", "440306"))
    rows = [an_item(areacode="440306"), an_item(areacode="440306", task_handle_item=f"{TASK_CODE}01", task_type="99")]
    found = walk(rows, a_master(a_master_item(use_level=["4"])), city)
    (hint,) = found.of("unclaimed").get_column("hint")
    assert "被拒收" not in hint


def test_a_long_text_is_cut_in_the_hint_and_whole_in_its_column() -> None:
    found = walk(tuned(by_law="依" * 5_000)).of("elements_drift")
    assert len(found.get_column("hint")[0]) < 300
    assert len(found.get_column("actual")[0]) == 5_000


def test_a_master_with_one_code_twice_is_refused_before_any_join() -> None:
    with pytest.raises(MasterError, match=f"{CATALOG_CODE} 出现多次"):
        walk(master=a_master(a_master_item(), a_master_item(task_name="另一")))


def test_severity_and_fault_come_from_the_check() -> None:
    weights = WRONG.findings.select("check", "severity", "fault").unique().rows()
    told = {check: (severity, fault) for check, severity, fault in weights}
    for check, module in all_checks().items():
        assert told.get(check, (module.SEVERITY, module.FAULT)) == (module.SEVERITY, module.FAULT)


def test_another_catalogue_of_the_same_name_is_another_catalogue() -> None:
    """What is read of a master once a night is read of that one, on that day, and no other."""
    first, second = a_master(a_master_item()), a_master(a_master_item(use_level=["4"], online_handle_depth="三级"))
    assert first.version == second.version
    later = a_master(a_master_item(plan_effective_date=date(2027, 1, 1)))
    dues = [walk([an_item()], master).match.due for master in (first, second, first, later)]
    assert dues == [1, 0, 1, 0]
    assert walk([an_item()], later, on=date(2027, 1, 1)).match.due == 1
