"""A receipt's corrections, applied to the city's data, make the city in sync."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from citysync.domain.verdict import State
from citysync.reconciliation.checks import all_checks
from citysync.reconciliation.judge import Facts, judge
from citysync.reports.corrections import correction_of, correction_of_rejection
from tests.builders import BODY, NOW, a_city, a_master, a_master_item, an_item
from tests.reconciliation.cast import Walk, a_code, walk
from tests.storage.cast import a_run

Row = dict[str, str | None]
CODES = [f"44010604300{serial}" for serial in range(1, 7)]
MAIN = "44010604300Y"
MASTER = {code: a_master_item(catalog_code=code, parent_code=MAIN, online_handle_depth="二级") for code in CODES}
CITY = a_city(counties=())


def a_right_row(code: str) -> Row:
    return an_item(task_code=a_code(code), limit_scene_num="1")


BROKEN: dict[str, Any] = {
    "name": lambda row: {**row, "task_name": "别的名称"},
    "type": lambda row: {**row, "task_type": "05"},
    "law": lambda row: {**row, "by_law": "别的依据"},
    "visits": lambda row: {**row, "limit_scene_num": "7"},
    "promise": lambda row: {**row, "promise_day": "99"},
    "shallow": lambda row: {**row, "online_handle_depth": "一级"},
    "too many visits for its depth": lambda row: {**row, "online_handle_depth": "三级", "limit_scene_num": "2"},
    "body": lambda row: {**row, "dept_code": "11440100007482620J"},
    "handle": lambda row: {**row, "task_handle_item": f"{BODY}344010604900901"},
    "foreign": lambda row: {**row, "task_code": a_code("440106049999")},
    "main item": lambda row: {**row, "task_code": a_code(MAIN)},
    "level": lambda row: {**row, "task_code": a_code(str(row["task_code"])[19:], level="2")},
    "malformed": lambda row: {**row, "task_code": "123"},
    "unlisted": lambda row: {**row, "task_type": "99"},
    "gone": lambda _row: None,
    "fine": lambda row: row,
}


def judged(rows: list[Row]) -> tuple[Walk, State]:
    found = walk(rows, a_master(*MASTER.values()), CITY)
    tolerant = CITY.model_copy(update={"tolerate": CITY.tolerate.model_copy(update={"max_rejected_ratio": 1.0})})
    facts = Facts(
        tolerant,
        a_run(),
        NOW,
        found.snapshot.certificate,
        validation=found.validation,
        reconciliation=found.reconciliation,
    )
    return found, judge(facts).state


def applied(rows: list[Row], found: Walk) -> list[Row]:
    """Return a city's rows with everything its receipt says done."""
    changed: list[Row | None] = list(rows)
    for rejection in found.validation.rejected.to_dicts():
        assert correction_of_rejection(rejection) == {"do": "remove"}
        changed[rejection["row_no"] - 1] = None
    added: list[Row] = []
    for finding in found.findings.to_dicts():
        correction = correction_of(finding)
        if correction is None:
            continue
        if correction["do"] == "add":
            added.append(a_right_row(str(correction["catalog_code"])))
            continue
        for place, row in enumerate(changed):
            if row is not None and _is_meant(row, finding):
                changed[place] = _set(row, correction) if "field" in correction else None
        if correction["do"] == "replace":
            added.append(a_right_row(str(correction["catalog_code"])))
    return [row for row in changed if row is not None] + added


def _is_meant(row: Row, finding: dict[str, Any]) -> bool:
    handle = row.get("task_handle_item")
    return (row["task_code"], handle) == (finding["task_code"], finding["task_handle_item"])


def _set(row: Row, correction: dict[str, object]) -> Row:
    field, value = str(correction["field"]), correction["value"]
    if correction["do"] == "lower":
        value = min(int(str(row[field])), int(str(value)))
    return {**row, field: None if value is None else str(value)}


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(sorted(BROKEN)), min_size=len(CODES), max_size=len(CODES)))
def test_doing_what_the_receipt_says_puts_the_city_in_sync(kinds: list[str]) -> None:
    rows = [BROKEN[kind](a_right_row(code)) for kind, code in zip(kinds, CODES, strict=True)]
    sent: list[Row] = [row for row in rows if row is not None]
    before, state = judged(sent)
    after, fixed = judged(applied(sent, before))
    assert fixed is State.IN_SYNC, after.findings.to_dicts()
    assert (state is State.IN_SYNC) == (set(kinds) <= {"fine"})


def test_an_older_version_in_use_is_the_one_to_remove() -> None:
    finding = {"check": "duplicated", "severity": "error", "field": "task_version", "expected": "3", "actual": "2"}
    assert correction_of(finding) == {"do": "remove", "task_version": "2"}


def test_a_cancelled_item_is_set_to_cancelled() -> None:
    finding = {"check": "withdrawn", "severity": "error", "field": "task_state", "expected": "3", "actual": "1"}
    assert correction_of(finding) == {"do": "set", "field": "task_state", "value": "3"}


@pytest.mark.parametrize("check", sorted(name for name, each in all_checks().items() if each.SEVERITY == "error"))
def test_every_error_has_a_correction_and_a_warning_none(check: str) -> None:
    finding = {"check": check, "severity": "error", "field": "x", "expected": "1", "actual": "2"}
    place = {"areacode": "440300", "catalog_code": CODES[0]}
    assert correction_of({**finding, **place}) is not None
    assert correction_of({**finding, **place, "severity": "warning"}) is None
