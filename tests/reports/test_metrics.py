"""Metrics say what the ledger says, with the denominator, in a text Prometheus can read."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from prometheus_client.parser import text_string_to_metric_families

from citysync.reports.metrics import Standing, exposition

NOW = datetime(2026, 11, 24, 1, 30, tzinfo=UTC)


def a_row(code: str, state: str, **counts: int) -> dict[str, Any]:
    return {"code": code, "name": f'市"{code}\n', "state": state, "counts": counts, "judged_at": NOW.isoformat()}


def read(standing: Standing) -> dict[tuple[str, tuple[str, ...]], float]:
    text = exposition(standing, NOW).decode()
    samples = (sample for family in text_string_to_metric_families(text) for sample in family.samples)
    return {(sample.name, tuple(sample.labels.values())): sample.value for sample in samples}


def test_states_and_counts_are_those_of_the_ledger_and_the_denominator_is_there() -> None:
    rows = [a_row("440300", "in_sync", met=9, due=10), a_row("440900", "out_of_sync", met=1, due=2)]
    seen = read(Standing(rows, asked=3, finished_at=NOW, run_seconds=61.5, open_alerts=2))
    assert (seen["citysync_cities_expected", ()], seen["citysync_cities", ("in_sync",)]) == (3, 1)
    assert seen["citysync_cities", ("unknown",)] == 0
    assert seen["citysync_city_count", ("440900", "due")] == 2
    assert seen["citysync_run_finished_timestamp_seconds", ()] == NOW.timestamp()
    assert (seen["citysync_run_duration_seconds", ()], seen["citysync_alerts_open", ()]) == (61.5, 2)


def test_a_night_that_never_ended_is_absent_and_not_zero() -> None:
    seen = read(Standing([], asked=1))
    assert ("citysync_run_finished_timestamp_seconds", ()) not in seen
    assert seen["citysync_mail_waiting_seconds", ()] == 0


def test_mail_that_may_not_go_out_yet_does_not_wait() -> None:
    late, early = (read(Standing([], 1, mail_since=NOW + age)) for age in (-timedelta(hours=2), timedelta(hours=2)))
    assert (late["citysync_mail_waiting_seconds", ()], early["citysync_mail_waiting_seconds", ()]) == (7200, 0)
