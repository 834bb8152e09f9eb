"""What becomes of alerts from night to night: told once, reminded on working days, recovered only if told."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from citysync.alerts.announce import acknowledged_until, announce
from citysync.domain.alert import Silence, Told
from citysync.domain.verdict import Fault, State
from citysync.domain.workdays import calendar
from tests.alerts.cast import MONDAY, Ledger, a_city, a_night, days, told

GOOD, OUT, GONE, HELD, UNKNOWN = State.IN_SYNC, State.OUT_OF_SYNC, State.NOT_SYNCED, State.HELD, State.UNKNOWN
CITY = "440300"


def lived(*states: State, first: date = MONDAY) -> list[list[tuple[str, str, str]]]:
    """Return what one city's nights tell."""
    ledger = Ledger()
    return [told(ledger.night(on, {CITY: state})) for on, state in zip(days(first, len(states)), states, strict=True)]


def test_a_city_that_has_always_been_in_sync_is_told_to_nobody() -> None:
    assert lived(GOOD, GOOD, State.LAGGING, GOOD) == [[], [], [], []]


def test_an_alert_is_opened_once_reminded_and_recovered_once() -> None:
    opened, again, third, well, silent = lived(GONE, GONE, GONE, GOOD, GOOD)
    assert opened == [(CITY, "not_synced", "opened")]
    assert again == [(CITY, "not_synced", "repeated")], "full text on day 1"
    assert third == [(CITY, "not_synced", "escalated")], "day 2: the supervisor"
    assert (well, silent) == ([(CITY, "not_synced", "recovered")], [])


def test_the_full_text_is_told_again_on_working_days_1_3_and_5_and_escalated_on_2_and_5() -> None:
    said = [each[0][2] if each else "" for each in lived(*[OUT] * 10)]
    # Monday to Wednesday of the second week; Saturday and Sunday say nothing.
    assert said == [
        *("opened", "repeated", "escalated", "repeated", "reminder", "", ""),
        *("escalated", "reminder", "reminder"),
    ]


def test_an_alert_of_a_saturday_is_escalated_two_working_days_after_the_city_was_told_on_monday() -> None:
    said = [each[0][2] if each else "" for each in lived(*[OUT] * 6, first=MONDAY + timedelta(days=5))]
    assert said == ["opened", "", "reminder", "repeated", "escalated", "repeated"]


def test_a_night_nobody_could_judge_changes_nothing() -> None:
    assert lived(GONE, UNKNOWN, GOOD) == [
        [(CITY, "not_synced", "opened")],
        [],
        [(CITY, "not_synced", "recovered")],
    ]


def test_a_city_that_cannot_be_reached_mutes_the_alerts_about_its_data() -> None:
    opened, gone, back = lived(OUT, GONE, OUT)
    assert opened == [(CITY, "out_of_sync", "opened")]
    assert gone == [(CITY, "not_synced", "opened")]
    assert back == [(CITY, "not_synced", "recovered"), (CITY, "out_of_sync", "escalated")]


def test_recovery_is_told_only_if_the_alert_was() -> None:
    ledger = Ledger(silences=[Silence(CITY, MONDAY, "维护", "王工")])
    assert told(ledger.night(MONDAY, {CITY: GONE})) == []
    assert told(ledger.night(MONDAY + timedelta(days=1), {CITY: GOOD})) == []
    assert not ledger.open


def test_a_silence_that_has_ended_lets_the_alert_be_told_for_the_first_time() -> None:
    ledger = Ledger(silences=[Silence(CITY, MONDAY, "维护", "王工")])
    ledger.night(MONDAY, {CITY: GONE})
    assert told(ledger.night(MONDAY + timedelta(days=1), {CITY: GONE})) == [(CITY, "not_synced", "opened")]


def test_what_was_queued_and_never_sent_is_recovered_without_a_word() -> None:
    ledger = Ledger()
    ledger.night(MONDAY, {CITY: GONE})
    [(number, alert)] = ledger.open.items()
    ledger.open[number] = replace(alert, told=Told.QUEUED)
    assert told(ledger.night(MONDAY + timedelta(days=1), {CITY: GOOD})) == []


def test_an_acknowledged_alert_is_not_escalated_until_the_acknowledgement_ends() -> None:
    ledger = Ledger()
    ledger.night(MONDAY, {CITY: GONE})
    [(number, alert)] = ledger.open.items()
    ledger.open[number] = acknowledged_until(alert, MONDAY, 30, calendar())
    assert ledger.open[number].ack_until == date(2026, 11, 26), "three working days at the most"
    said = [told(ledger.night(on, {CITY: GONE}))[0][2] for on in days(date(2026, 11, 24), 4)]
    assert said == ["reminder", "reminder", "reminder", "escalated"]


def test_five_cities_unreachable_by_network_are_one_message_and_their_own_alerts_wait() -> None:
    ledger = Ledger()
    codes = [f"44{number:02d}00" for number in range(1, 22)]
    faults = dict.fromkeys(codes, Fault.NETWORK)
    night = {code: GONE if place < 5 else GOOD for place, code in enumerate(codes)}
    assert told(ledger.night(MONDAY, night, faults=faults)) == [("", "storm", "opened")]
    fewer = {code: GONE if place < 4 else GOOD for place, code in enumerate(codes)}
    after = told(ledger.night(MONDAY + timedelta(days=1), fewer, faults=faults))
    assert after == [("", "storm", "recovered"), *((code, "not_synced", "opened") for code in codes[:4])]


def test_many_cities_with_faults_of_their_own_are_many_alerts() -> None:
    codes = [f"44{number:02d}00" for number in range(1, 8)]
    steps = Ledger().night(MONDAY, dict.fromkeys(codes, OUT))
    assert told(steps) == [(code, "out_of_sync", "opened") for code in codes]


def test_our_own_failure_is_told_and_mutes_every_city() -> None:
    ledger = Ledger()
    ledger.night(MONDAY, {CITY: GONE})
    tuesday, wednesday = MONDAY + timedelta(days=1), MONDAY + timedelta(days=2)
    assert told(ledger.night(tuesday, {CITY: GOOD}, failed="磁盘空间不足")) == [("", "run_failed", "opened")]
    assert told(ledger.night(wednesday, {CITY: GOOD})) == [
        ("", "run_failed", "recovered"),
        (CITY, "not_synced", "recovered"),
    ]


def test_a_run_over_some_cities_says_nothing_about_our_own_side() -> None:
    ledger = Ledger()
    ledger.night(MONDAY, {CITY: GOOD}, failed="磁盘空间不足")
    assert told(ledger.night(MONDAY, {CITY: GOOD}, whole=False)) == []
    assert [alert.key.kind.value for alert in ledger.open.values()] == ["run_failed"]


def test_a_restless_city_is_told_once_then_in_the_digest_and_leaves_after_three_good_runs() -> None:
    said = lived(GONE, GOOD, GONE, GOOD, GONE, GOOD, GOOD, GOOD)
    assert said[:3] == [
        [(CITY, "not_synced", "opened")],
        [(CITY, "not_synced", "recovered")],
        [(CITY, "not_synced", "opened")],
    ]
    assert said[3] == [(CITY, "flapping", "opened")]
    assert [each[0][:2] for each in said[4:5]] == [(CITY, "flapping")]
    assert said[7] == [(CITY, "flapping", "recovered")]


def test_a_restless_city_that_settles_badly_gets_its_alert_back() -> None:
    said = lived(GONE, GOOD, GONE, GOOD, GONE, GONE, GONE)
    assert said[6] == [(CITY, "not_synced", "opened")]


def test_the_same_night_told_twice_says_nothing_new() -> None:
    ledger = Ledger()
    ledger.night(MONDAY, {CITY: GONE})
    again = announce(a_night(MONDAY, a_city(GONE)), ledger.before(), calendar())
    assert told(again) == []


def test_a_side_that_changes_is_a_new_alert_and_no_recovery() -> None:
    ledger = Ledger()
    ledger.night(MONDAY, {CITY: GONE}, faults={CITY: Fault.NETWORK})
    steps = ledger.night(MONDAY + timedelta(days=1), {CITY: GONE}, faults={CITY: Fault.CITY})
    assert told(steps) == [(CITY, "not_synced", "opened")]
    assert [alert.key.fault for alert in ledger.open.values()] == [Fault.CITY]


@pytest.mark.parametrize(("state", "kind"), [(GONE, "not_synced"), (OUT, "out_of_sync"), (HELD, "held")])
def test_each_flagged_state_has_its_kind_and_its_number(state: State, kind: str) -> None:
    ledger = Ledger()
    assert told(ledger.night(MONDAY, {CITY: state})) == [(CITY, kind, "opened")]
    [number] = ledger.open
    assert number == f"CS-{'D' if state is OUT else 'C'}-440300-20261123"


def test_a_second_alert_of_one_day_has_a_number_of_its_own() -> None:
    ledger = Ledger()
    for state in (GONE, GOOD, GONE):
        ledger.night(MONDAY, {CITY: state})
    assert sorted(ledger.numbers) == ["CS-C-440300-20261123", "CS-C-440300-20261123-2"]
