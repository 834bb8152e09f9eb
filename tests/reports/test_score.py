"""The score is what the open problems leave of 100 points, and what each would give back adds up to the gap."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from citysync.reconciliation.checks import all_checks
from citysync.reports.score import COMPONENTS, FULL, REJECTED, component_of, costs, score

CHECKS = sorted({check for part in COMPONENTS for check in part.checks} - {REJECTED})
COUNTS = {"due": 100, "rows": 100, "paired": 100, "received": 100, "depth_comparable": 50, "days_comparable": 50}


def a_finding(check: str = "unclaimed", **changes: Any) -> dict[str, Any]:
    row = {"check": check, "severity": "error", "suspected": False, "due_on": None, "areacode": "440300"}
    return {**row, **changes}


def test_a_city_without_problems_has_full_marks_and_nothing_to_do() -> None:
    clean = score([], [], COUNTS)
    assert clean.points == FULL
    assert clean.gap == 0
    assert not clean.actions


def test_ten_of_a_hundred_items_missing_cost_a_tenth_of_the_weight() -> None:
    found = score([a_finding()] * 10, [], COUNTS)
    assert found.points == Fraction(FULL) - Fraction(35, 10)
    assert found.gain_of == {"onboard": Fraction(35, 100)}


@given(
    st.lists(st.builds(a_finding, st.sampled_from(CHECKS), areacode=st.sampled_from(["440300", "440305", None]))),
    st.integers(0, 40),
    st.fixed_dictionaries({name: st.integers(0, 60) for name in COUNTS}),
)
def test_the_gains_add_up_to_the_gap(findings: list[dict[str, Any]], rejected: int, counts: dict[str, int]) -> None:
    found = score(findings, [{}] * rejected, counts)
    assert sum((action.gain for action in found.actions), Fraction(0)) == found.gap
    assert found.points is None or 0 <= found.points <= FULL


@given(st.lists(st.sampled_from(CHECKS), min_size=1, max_size=30), st.data())
def test_fixing_a_problem_gains_what_was_said(checks: list[str], data: st.DataObject) -> None:
    findings = [a_finding(check) for check in checks]
    fixed = data.draw(st.integers(0, len(findings) - 1))
    before = score(findings, [], COUNTS)
    after = score([row for place, row in enumerate(findings) if place != fixed], [], COUNTS)
    part = component_of(checks[fixed])
    assert part is not None
    assert before.points is not None
    assert after.points == before.points + before.gain_of[part.name]


@pytest.mark.parametrize(
    "changes", [{"suspected": True}, {"due_on": "2026-11-30"}, {"severity": "warning"}, {"severity": "cosmetic"}]
)
def test_what_is_suspected_in_grace_or_no_error_costs_nothing(changes: dict[str, Any]) -> None:
    row = a_finding(**changes)
    assert not costs(row)
    assert score([row], [], COUNTS).points == FULL


def test_a_part_with_nothing_to_assess_has_no_say() -> None:
    only_due = score([a_finding()] * 5, [], {"due": 10})
    assert only_due.points == Fraction(FULL, 2)
    assert score([], [], {}).points is None


def test_other_weights_score_the_same_history_again() -> None:
    rows = [a_finding()] * 10 + [a_finding("promise_over_legal")] * 25
    assert score(rows, [], COUNTS, {"onboard": 1}).points == 90
    assert score(rows, [], COUNTS, {"onboard": 1, "days": 1}).points == 70


def test_the_most_rewarding_action_comes_first() -> None:
    rows = [a_finding()] * 3 + [a_finding("elements_drift", areacode="440305")] * 4
    first = score(rows, [{}], COUNTS).actions[0]
    assert (first.check, first.areacode, first.problems) == ("unclaimed", "440300", 3)


def test_every_error_check_costs_something_and_the_weights_make_a_hundred() -> None:
    errors = {name for name, module in all_checks().items() if module.SEVERITY == "error"}
    assert errors == set(CHECKS)
    assert sum(part.weight for part in COMPONENTS) == FULL
