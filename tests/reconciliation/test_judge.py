"""One state per city and night, with the reasons and the axes behind it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from citysync.domain.city import City, Expect
from citysync.domain.errors import OverBudget, Refused, SourceError, Throttled, Unreachable, Unreadable
from citysync.domain.kept_rows import InHand
from citysync.domain.memory import FIRST_TIME, Memory
from citysync.domain.run import Run, Trigger
from citysync.domain.snapshot import Certificate, Grade
from citysync.domain.verdict import Axis, Counts, Fault, Reason, Standing, State, Verdict
from citysync.reconciliation.blame import any_answered, common_cause
from citysync.reconciliation.evidence import Seen
from citysync.reconciliation.guard import Arrival, guard
from citysync.reconciliation.judge import Facts, comparable, judge, not_judged, published
from tests.builders import CATALOG_CODE, NOW, TODAY, a_city, a_master, a_master_item, a_snapshot, an_item
from tests.reconciliation.cast import Walk, a_code, tuned, walk

OTHER = "440106043002"
RUN = Run("r1", Trigger.NIGHTLY, TODAY, NOW, "2026-11-20-1")
HEALTHY = (Standing.OK,) * 5


def facts_of(walked: Walk | None = None, **changes: Any) -> Facts:
    """Return the facts of a night, by default that of a city in sync."""
    walked = walked or walk()
    facts = Facts(
        city=a_city(),
        run=RUN,
        judged_at=NOW,
        certificate=walked.snapshot.certificate,
        validation=walked.validation,
        reconciliation=walked.reconciliation,
    )
    return replace(facts, **changes)


def failed(error: SourceError) -> Verdict:
    return judge(Facts(a_city(), RUN, NOW, error=error))


def codes(verdict: Verdict) -> list[tuple[str, Standing]]:
    return [(reason.code, reason.standing) for reason in verdict.reasons]


def axes(verdict: Verdict) -> tuple[Standing, ...]:
    return tuple(verdict.axes[axis] for axis in Axis)


def absent(**kwargs: Any) -> Walk:
    """Return a city without the one item it must have, and with nothing else."""
    return walk(
        [an_item(task_code=a_code(OTHER))], a_master(a_master_item(), a_master_item(catalog_code=OTHER)), **kwargs
    )


def test_a_city_that_agrees_is_in_sync_without_any_reason() -> None:
    verdict = judge(facts_of())
    assert (verdict.state, verdict.reasons, axes(verdict), verdict.grade) == (State.IN_SYNC, (), HEALTHY, "A")
    assert verdict.counts == Counts(received=1, accepted=1, due=1, met=1, paired=1)


@pytest.mark.parametrize(
    ("error", "reachable", "complete", "fault"),
    [
        (Unreachable("连接被拒绝"), Standing.FAILING, Standing.UNKNOWN, Fault.NETWORK),
        (Unreachable("服务端出错（503）", fault=Fault.CITY), Standing.FAILING, Standing.UNKNOWN, Fault.CITY),
        (Throttled("要求 2 小时后再来"), Standing.FAILING, Standing.UNKNOWN, Fault.CITY),
        (Refused("凭据被拒绝（401）"), Standing.FAILING, Standing.UNKNOWN, Fault.CITY),
        (OverBudget("超过 900 秒"), Standing.FAILING, Standing.UNKNOWN, Fault.CITY),
        (Unreadable("返回的是网页"), Standing.OK, Standing.FAILING, Fault.CITY),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_city_that_gave_nothing_is_not_synced(
    error: SourceError, reachable: Standing, complete: Standing, fault: Fault
) -> None:
    verdict = failed(error)
    assert verdict.state is State.NOT_SYNCED
    assert axes(verdict) == (reachable, complete, *(Standing.UNKNOWN,) * 3)
    assert [(reason.code, reason.fault, reason.text) for reason in verdict.reasons] == [
        (error.reason, fault, str(error))
    ]
    assert verdict.counts == Counts()
    assert verdict.grade is None


def test_a_failure_that_is_ours_flags_nobody() -> None:
    verdict = failed(Unreachable("缺少驱动", fault=Fault.OURS))
    assert (verdict.state, verdict.reasons[0].fault) == (State.UNKNOWN, Fault.OURS)
    assert axes(verdict) == (Standing.UNKNOWN,) * 5


def test_the_place_of_an_error_is_told_once() -> None:
    assert failed(Unreadable("不是 JSON", place="第 3 页")).reasons[0].text == "不是 JSON（第 3 页）"
    assert failed(Unreadable("第 3 页不是 JSON", place="第 3 页")).reasons[0].text == "第 3 页不是 JSON"


def test_a_contradicted_snapshot_is_not_synced_and_counts_nothing() -> None:
    walked = absent()
    cut = replace(walked.snapshot.certificate, grade=Grade.X, problems=("声明 100 条，实收 1 条",))
    facts = facts_of(walked, certificate=cut)
    verdict = judge(facts)
    assert verdict.state is State.NOT_SYNCED
    assert codes(verdict) == [("incomplete", Standing.FAILING)]
    assert "声明 100 条，实收 1 条" in verdict.reasons[0].text
    assert axes(verdict) == (Standing.OK, Standing.FAILING, *(Standing.UNKNOWN,) * 3)
    assert (verdict.counts, verdict.grade, comparable(facts)) == (Counts(), "X", False)
    assert published(verdict, walked.reconciliation).is_empty()


def held_of(received: int, city: City | None = None, memory: Memory = FIRST_TIME) -> tuple[Reason, ...]:
    rows = a_snapshot([an_item() for _ in range(received)]).rows
    return guard(Arrival(InHand(rows), city or a_city(), memory, TODAY)).held


@pytest.mark.parametrize(
    ("received", "expect", "held"),
    [
        (0, Expect(), ["zero_items"]),
        (0, Expect(min_items=5), ["zero_items"]),
        (4, Expect(min_items=5), ["below_min_items"]),
        (5, Expect(min_items=5, max_items=6), []),
        (6, Expect(min_items=5, max_items=6), []),
        (7, Expect(min_items=5, max_items=6), ["above_max_items"]),
        (1, Expect(), []),
    ],
)
def test_the_guard_holds_what_is_outside_the_bounds(received: int, expect: Expect, held: list[str]) -> None:
    assert [reason.code for reason in held_of(received, a_city(expect=expect.model_dump()))] == held


def test_an_emptied_directory_is_told_beside_the_last_one() -> None:
    (reason,) = held_of(0, memory=Memory(good_counts=(31_000, 31_204)))
    assert reason.text.startswith("清空保护：上次 31,204 条，本次 0 条，未采用，未判缺失")


def test_what_the_guard_holds_is_held_and_nothing_is_adopted() -> None:
    walked = absent()
    facts = facts_of(walked, held=held_of(0))
    verdict = judge(facts)
    assert verdict.state is State.HELD
    assert codes(verdict) == [("zero_items", Standing.FAILING)]
    assert axes(verdict) == (Standing.OK, Standing.FAILING, *(Standing.UNKNOWN,) * 3)
    assert verdict.counts == Counts(received=1, accepted=1)
    assert published(verdict, walked.reconciliation).is_empty()
    assert not comparable(facts)


@pytest.mark.parametrize(("bad", "state"), [(1, State.IN_SYNC), (2, State.NOT_SYNCED)])
def test_rejections_above_the_tolerance_are_not_synced(bad: int, state: State) -> None:
    good = [an_item(task_handle_item=f"{a_code()}{number:02}") for number in range(100 - bad)]
    walked = walk([*good, *[an_item(task_type="99")] * bad])
    facts = facts_of(walked)
    verdict = judge(facts)
    assert verdict.state is state
    assert (verdict.counts.received, verdict.counts.accepted, verdict.counts.rejected) == (100, 100 - bad, bad)
    assert comparable(facts) is (state is State.IN_SYNC)


def test_too_many_rejections_need_no_comparison_to_be_judged() -> None:
    verdict = judge(facts_of(walk([an_item(), an_item(task_type="99")]), reconciliation=None))
    assert codes(verdict) == [("too_many_rejected", Standing.FAILING)]
    assert axes(verdict) == (Standing.OK, Standing.OK, Standing.FAILING, Standing.UNKNOWN, Standing.UNKNOWN)
    assert "2 条中拒收 1 条（50.00%），超过容许的 1.00%" in verdict.reasons[0].text
    assert "例：第 2 行" in verdict.reasons[0].text
    assert verdict.counts == Counts(received=2, accepted=1, rejected=1)


OTHER_CITY = Reason("other_city", Axis.VALID, Standing.FAILING, Fault.CITY, "数据属于 440400，不是 440300")


@pytest.mark.parametrize(
    ("facts", "state"),
    [
        ({"held": True, "error": True, "cut": True, "foreign": True}, State.HELD),
        ({"error": True, "cut": True, "foreign": True}, State.NOT_SYNCED),
        ({"cut": True, "foreign": True}, State.NOT_SYNCED),
        ({"foreign": True}, State.NOT_SYNCED),
        ({}, State.OUT_OF_SYNC),
    ],
    ids=["held", "unreachable", "cut", "another city", "compared"],
)
def test_the_first_state_that_applies_is_the_state(facts: dict[str, bool], state: State) -> None:
    walked = absent()
    cut = replace(walked.snapshot.certificate, grade=Grade.X)
    given: dict[str, Any] = {
        "held": held_of(0) if "held" in facts else (),
        "error": Unreachable("连接超时") if "error" in facts else None,
        "certificate": cut if "cut" in facts else walked.snapshot.certificate,
        "foreign": OTHER_CITY if "foreign" in facts else None,
    }
    judged = facts_of(walked, **given)
    verdict = judge(judged)
    assert verdict.state is state
    assert comparable(judged) is (state is State.OUT_OF_SYNC)
    assert published(verdict, walked.reconciliation).is_empty() is (state is not State.OUT_OF_SYNC)


def test_an_error_beyond_tolerance_is_out_of_sync_and_says_where_and_what_to_do() -> None:
    walked = absent()
    verdict = judge(facts_of(walked))
    assert (verdict.state, codes(verdict)) == (State.OUT_OF_SYNC, [("unclaimed", Standing.FAILING)])
    assert verdict.reasons[0].text == "漏领 1 项（例：440300 440106043001 公共场所卫生许可）；请认领或登记豁免"
    assert verdict.axes[Axis.CONSISTENT] is Standing.FAILING
    assert verdict.axes[Axis.COMPLETE] is Standing.OK
    assert published(verdict, walked.reconciliation).equals(walked.findings)


@pytest.mark.parametrize(("tolerated", "state"), [(0, State.OUT_OF_SYNC), (1, State.IN_SYNC)])
def test_a_tolerated_number_of_absences_is_in_sync(tolerated: int, state: State) -> None:
    city = a_city(tolerate={"max_missing": tolerated})
    verdict = judge(facts_of(absent(), city=city))
    assert verdict.state is state
    assert verdict.counts.missing == 1


def test_drift_is_tolerated_by_rows_not_by_fields() -> None:
    drifting = walk(tuned(task_name="甲", by_law="乙"))
    assert judge(facts_of(drifting, city=a_city(tolerate={"max_drifted": 1}))).state is State.IN_SYNC
    assert judge(facts_of(drifting)).state is State.OUT_OF_SYNC


def test_any_other_error_is_beyond_tolerance_at_once() -> None:
    city = a_city(tolerate={"max_missing": 9, "max_drifted": 9})
    verdict = judge(facts_of(walk(tuned(promise_day="21")), city=city))
    assert (verdict.state, codes(verdict)) == (State.OUT_OF_SYNC, [("promise_over_legal", Standing.FAILING)])
    assert verdict.axes[Axis.VALID] is Standing.FAILING
    assert verdict.axes[Axis.CONSISTENT] is Standing.OK


def test_warnings_and_ways_of_writing_flag_nobody() -> None:
    walked = walk(tuned(link_way=None, task_name="公共 场所卫生许可"))
    verdict = judge(facts_of(walked))
    assert walked.checks() == {"phone_missing", "text_cosmetic"}
    assert (verdict.state, verdict.reasons, verdict.counts.findings) == (State.IN_SYNC, (), 2)


def test_errors_all_in_grace_are_lagging() -> None:
    master = a_master(changes={CATALOG_CODE: date(2026, 11, 20)})
    verdict = judge(facts_of(walk(tuned(task_name="旧名"), master)))
    assert (verdict.state, codes(verdict)) == (State.LAGGING, [("elements_drift", Standing.GRACE)])
    assert "1 项在宽限期内，最早 2026-11-27 到期" in verdict.reasons[0].text
    assert verdict.axes[Axis.CONSISTENT] is Standing.GRACE


def test_a_deadline_beyond_the_last_calendar_is_told_as_an_estimate() -> None:
    master = a_master(changes={CATALOG_CODE: date(2026, 12, 29)})
    verdict = judge(facts_of(walk(tuned(task_name="旧名"), master, on=date(2026, 12, 30))))
    assert "1 项在宽限期内，最早 2027-01-05（估算） 到期" in verdict.reasons[0].text


def test_one_error_out_of_grace_among_many_in_it_is_out_of_sync() -> None:
    master = a_master(a_master_item(), a_master_item(catalog_code=OTHER), changes={CATALOG_CODE: date(2026, 11, 20)})
    rows = [an_item(task_name="旧名"), an_item(task_code=a_code(OTHER), task_name="旧名")]
    verdict = judge(facts_of(walk(rows, master)))
    assert (verdict.state, codes(verdict)) == (State.OUT_OF_SYNC, [("elements_drift", Standing.FAILING)])
    assert verdict.reasons[0].text.startswith(f"不一致 2 项（例：440300 {a_code(OTHER)} 旧名）")
    assert "1 项在宽限期内" in verdict.reasons[0].text


def test_an_example_is_named_as_its_own_row_is() -> None:
    rows = [
        an_item(),
        an_item(task_code=a_code(OTHER), task_name="乙"),
        an_item(task_code=a_code(OTHER, level="2"), task_name="甲"),
    ]
    text = judge(facts_of(walk(rows))).reasons[0].text
    assert text.startswith(f"超领 2 项（例：440300 {a_code(OTHER, level='2')} 甲）")


def test_an_absence_not_yet_confirmed_is_lagging() -> None:
    verdict = judge(facts_of(absent(suspected=frozenset({("440300", CATALOG_CODE)}))))
    assert (verdict.state, codes(verdict)) == (State.LAGGING, [("unclaimed", Standing.GRACE)])
    assert "1 项为疑似，待下次确认" in verdict.reasons[0].text


def test_an_unproved_snapshot_with_every_obligation_met_is_in_sync_but_not_proved() -> None:
    verdict = judge(facts_of(walk(grade=Grade.C)))
    assert (verdict.state, codes(verdict)) == (State.IN_SYNC, [("unproved", Standing.UNKNOWN)])
    assert verdict.axes[Axis.COMPLETE] is Standing.UNKNOWN


def test_an_unproved_snapshot_with_obligations_unmet_is_lagging_and_accuses_nobody() -> None:
    verdict = judge(facts_of(absent(grade=Grade.C)))
    assert verdict.state is State.LAGGING
    assert codes(verdict) == [("absence_unproved", Standing.GRACE), ("unproved", Standing.UNKNOWN)]
    assert (verdict.counts.missing, verdict.counts.due, verdict.counts.met) == (0, 2, 1)


@pytest.mark.parametrize(
    ("most", "changed_at", "said", "state"),
    [
        (None, None, [], State.IN_SYNC),
        (2, datetime(2026, 11, 20, 16, 0, tzinfo=UTC), [], State.IN_SYNC),  # 21 November in Shanghai
        (2, datetime(2026, 11, 20, 15, 59, tzinfo=UTC), [("stale", Standing.FAILING)], State.OUT_OF_SYNC),
        (2, None, [("age_unknown", Standing.UNKNOWN)], State.IN_SYNC),
    ],
)
def test_days_since_the_last_change_are_counted_in_shanghai(
    most: int | None, changed_at: datetime | None, said: list[tuple[str, Standing]], state: State
) -> None:
    city = a_city(expect={"max_age_days": most})
    verdict = judge(facts_of(city=city, source_changed_at=changed_at))
    assert (codes(verdict), verdict.state) == (said, state)
    assert verdict.axes[Axis.FRESH] is (said[0][1] if said else Standing.OK)


@pytest.mark.parametrize(
    ("since", "said"), [(date(2026, 11, 20), "stale"), (date(2026, 11, 21), "age_unknown"), (None, "age_unknown")]
)
def test_the_same_rows_for_longer_than_they_may_stay_the_same_are_stale(since: date | None, said: str) -> None:
    facts = facts_of(city=a_city(expect={"max_age_days": 2}), seen=Seen(unchanged_since=since))
    assert [reason.code for reason in judge(facts).reasons] == [said]


def test_reasons_stand_worst_first_then_by_code() -> None:
    walked = walk([an_item(promise_day="21", task_name="别的", limit_scene_num="9")], grade=Grade.C)
    assert [code for code, _ in codes(judge(facts_of(walked)))] == [
        "depth_and_visits",
        "elements_drift",
        "promise_over_legal",
        "visits_over_cap",
        "unproved",
    ]


def test_facts_that_are_not_enough_are_our_fault_and_an_exception() -> None:
    with pytest.raises(ValueError, match="440300"):
        judge(Facts(a_city(), RUN, NOW))
    with pytest.raises(ValueError, match="440300"):
        judge(facts_of(reconciliation=None))


def test_a_city_nobody_could_judge_is_unknown_on_every_axis() -> None:
    verdict = not_judged("440300", RUN, NOW, "paused", Fault.OURS, "已暂停")
    assert (verdict.state, axes(verdict), verdict.counts) == (State.UNKNOWN, (Standing.UNKNOWN,) * 5, Counts())
    assert verdict.reasons == (Reason("paused", Axis.REACHABLE, Standing.UNKNOWN, Fault.OURS, "已暂停"),)


def a_night(failing: int, *, error: SourceError | None = None, healthy: int = 0) -> list[Verdict]:
    """Return the verdicts of one night: cities c1, c2, … of which the first fail alike."""
    bad = failed(error or Unreachable("连接超时"))
    good = judge(facts_of())
    return [
        replace(verdict, city_code=f"c{number}")
        for number, verdict in enumerate([*[bad] * failing, *[good] * healthy], start=1)
    ]


@pytest.mark.parametrize(("failing", "ours"), [(4, 0), (5, 5), (21, 21)])
def test_five_cities_failing_alike_while_our_probe_fails_are_one_incident_of_ours(failing: int, ours: int) -> None:
    verdicts = common_cause(a_night(failing, healthy=1), {}, probe_ok=False)
    blamed_on_us = [verdict for verdict in verdicts if verdict.state is State.UNKNOWN]
    assert len(blamed_on_us) == ours
    assert {reason.fault for verdict in blamed_on_us for reason in verdict.reasons} <= {Fault.OURS}
    assert all("连接超时" in verdict.reasons[0].text for verdict in blamed_on_us)
    assert verdicts[-1].state is State.IN_SYNC


def test_while_our_probe_passes_every_city_answers_for_itself() -> None:
    night = a_night(9)
    assert common_cause(night, {}, probe_ok=True) == tuple(night)


@pytest.mark.parametrize(("zone", "ours"), [(("c1", "c2", "c3"), 3), (("c1", "c2"), 0), (("c1", "c2", "c3", "c4"), 0)])
def test_a_whole_zone_of_three_failing_alike_is_one_incident(zone: tuple[str, ...], ours: int) -> None:
    verdicts = common_cause(a_night(3, healthy=1), dict.fromkeys(zone, "yuebei"), probe_ok=False)
    assert sum(verdict.state is State.UNKNOWN for verdict in verdicts) == ours


@pytest.mark.parametrize("error", [Refused("凭据被拒绝（401）"), Unreadable("返回的是网页")])
def test_what_is_no_failure_of_transport_stays_the_citys(error: SourceError) -> None:
    night = a_night(9, error=error)
    assert common_cause(night, {}, probe_ok=False) == tuple(night)


def test_five_cities_failing_in_different_ways_are_five_failures() -> None:
    mixed = [*a_night(3), *[replace(v, city_code=f"d{v.city_code}") for v in a_night(3, error=OverBudget("超时"))]]
    assert common_cause(mixed, {}, probe_ok=False) == tuple(mixed)


def test_any_answer_at_all_shows_that_our_side_works() -> None:
    assert not any_answered(a_night(3))
    assert any_answered(a_night(3, healthy=1))
    assert any_answered(a_night(1, error=Refused("凭据被拒绝（401）")))
    assert any_answered(a_night(1, error=Unreadable("返回的是网页")))


def test_the_certificate_of_an_unproved_snapshot_is_quoted_in_its_grade() -> None:
    certificate = Certificate(Grade.B, None, 1, 1, 1, "两次读取一致")
    assert judge(facts_of(certificate=certificate)).grade == "B"
