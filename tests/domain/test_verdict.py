"""What is said about a city: the worst reason decides, and unknown is never green."""

from __future__ import annotations

import pytest

from citysync.domain.errors import CitySyncError, Refused, SourceError, Throttled, Unreachable
from citysync.domain.verdict import (
    AXIS_LABELS,
    FAULT_LABELS,
    FLAGGED,
    STANDING_LABELS,
    STATE_LABELS,
    Axis,
    Counts,
    Fault,
    Reason,
    Standing,
    State,
    worst,
)


def a_reason(axis: Axis, standing: Standing) -> Reason:
    return Reason("any", axis, standing, Fault.DATA, "")


def test_without_evidence_every_axis_is_unknown() -> None:
    assert worst([]) == dict.fromkeys(Axis, Standing.UNKNOWN)


def test_one_good_reason_makes_its_axis_good_and_no_other() -> None:
    standings = worst([a_reason(Axis.REACHABLE, Standing.OK)])
    assert standings[Axis.REACHABLE] is Standing.OK
    assert set(standings) == set(Axis)
    assert all(standings[axis] is Standing.UNKNOWN for axis in Axis if axis is not Axis.REACHABLE)


@pytest.mark.parametrize("order", [1, -1])
def test_an_axis_stands_as_its_worst_reason_in_any_order(order: int) -> None:
    reasons = [a_reason(Axis.VALID, standing) for standing in (Standing.OK, Standing.GRACE, Standing.FAILING)][::order]
    assert worst(reasons)[Axis.VALID] is Standing.FAILING


def test_unknown_weighs_more_than_grace_and_less_than_failing() -> None:
    assert worst([a_reason(Axis.FRESH, Standing.GRACE), a_reason(Axis.FRESH, Standing.UNKNOWN)])[Axis.FRESH] == 2
    assert Standing.OK < Standing.GRACE < Standing.UNKNOWN < Standing.FAILING
    assert Standing.FAILING.word == "failing"


def test_unknown_is_not_flagged_and_not_green() -> None:
    assert {State.OUT_OF_SYNC, State.NOT_SYNCED, State.HELD} == FLAGGED
    assert State.UNKNOWN not in FLAGGED


def test_every_word_people_read_has_a_label() -> None:
    assert set(STATE_LABELS) == set(State)
    assert set(AXIS_LABELS) == set(Axis)
    assert set(STANDING_LABELS) == set(Standing)
    assert set(FAULT_LABELS) == set(Fault)


def test_every_count_is_always_there() -> None:
    counts = Counts(received=2, accepted=1, rejected=1).as_dict()
    assert list(counts)[:4] == ["received", "accepted", "rejected", "duplicate"]
    assert counts["missing"] == 0
    assert len(counts) == 12


def test_only_what_may_pass_by_itself_is_tried_again() -> None:
    assert Unreachable.retryable
    assert Throttled.retryable
    assert not Refused.retryable
    assert not CitySyncError.retryable
    assert SourceError("页面缺失", place="第 3 页").place == "第 3 页"
