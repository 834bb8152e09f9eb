"""What people ask the ledger: how a city stands, since when, what is wrong, and how it stood that night."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

from citysync.domain.verdict import State
from citysync.storage import past, reading
from citysync.storage.engine import Store
from citysync.storage.ledger import publish, start_run
from citysync.storage.part import Part
from tests.builders import TODAY
from tests.storage.cast import CITIES, a_city_run, a_finding, a_night, a_rejection, a_run


def test_a_ledger_without_runs_has_no_verdicts(store: Store) -> None:
    assert reading.latest_verdicts(store) == []
    assert reading.last_run(store) is None
    assert reading.run_of(store, "20200101T000000-000000") is None
    assert reading.previous_verdict(store, "440300", "20200101T000000-000000") is None
    assert past.adopted_snapshots(store, "440300") == []
    assert reading.findings(store, "440300").run_id is None, "nothing is known, which is not: nothing is wrong"


def test_each_city_stands_as_the_last_run_that_judged_it_says(store: Store, tmp_path: Path) -> None:
    first, second = a_run(1), a_run(2)
    start_run(store, first, CITIES)
    start_run(store, second, CITIES[:1])
    publish(store, first, a_city_run(first), tmp_path)
    publish(store, first, a_city_run(first, code="440100", state=State.LAGGING), tmp_path)
    publish(store, second, a_city_run(second, state=State.OUT_OF_SYNC), tmp_path)
    latest = reading.latest_verdicts(store)
    assert [(row["code"], row["state"], row["run_id"]) for row in latest] == [
        ("440100", "lagging", first.run_id),
        ("440300", "out_of_sync", second.run_id),
    ]
    assert [row["code"] for row in reading.latest_verdicts(store, ["440300"])] == ["440300"]
    assert [row["code"] for row in reading.verdicts_of(store, first.run_id)] == ["440300", "440100"]
    assert reading.cities_of(store, second.run_id) == [("440300", "深圳市")]
    before = reading.previous_verdict(store, "440300", second.run_id)
    assert before is not None
    assert before["state"] == "in_sync"


def test_a_part_of_a_list_says_how_long_the_whole_is(store: Store, tmp_path: Path) -> None:
    start_run(store, a_run(1), CITIES)
    found = [a_finding(areacode=f"44030{number}") for number in range(5)]
    publish(store, a_run(1), a_city_run(a_run(1), *found), tmp_path)
    whole = reading.findings(store, "440300")
    parts = [reading.findings(store, "440300", part=Part(2, start)) for start in (0, 2, 4, 6)]
    assert [len(each.rows) for each in parts] == [2, 2, 1, 0]
    assert tuple(row for each in parts for row in each.rows) == whole.rows
    assert ({each.total for each in parts}, whole.total) == ({5}, None)


def test_any_past_night_can_be_asked_for(store: Store, tmp_path: Path) -> None:
    for serial, state in enumerate((State.IN_SYNC, State.OUT_OF_SYNC), start=1):
        a_night(store, tmp_path, serial, state)
    assert [row["state"] for row in reading.latest_verdicts(store, on=TODAY)] == ["in_sync"]
    assert reading.latest_verdicts(store, on=TODAY - timedelta(days=1)) == []
    then = reading.last_run(store, on=TODAY)
    assert then is not None
    assert then["run_id"] == a_run(1).run_id
    assert [run["run_id"] for run in reading.runs(store, limit=1)] == [a_run(2).run_id]


def test_findings_are_those_of_the_last_run_that_saw_the_citys_rows(store: Store, tmp_path: Path) -> None:
    first, silent = a_run(1), a_run(2)
    for run, result in (
        (first, a_city_run(first, a_finding(), state=State.OUT_OF_SYNC)),
        (silent, a_city_run(silent, state=State.NOT_SYNCED, received=0)),
    ):
        start_run(store, run, CITIES)
        publish(store, run, result, tmp_path)
    found = reading.findings(store, "440300")
    assert (found.run_id, found.state, len(found.rows)) == (first.run_id, "out_of_sync", 1)
    asked = reading.findings(store, "440300", run_id=silent.run_id)
    assert (asked.run_id, asked.state, asked.rows) == (silent.run_id, "not_synced", ())


def test_lists_can_be_narrowed(store: Store, tmp_path: Path) -> None:
    run = a_run()
    start_run(store, run, CITIES)
    findings = (
        a_finding(),
        a_finding(field="by_law"),
        a_finding(check="phones_equal", severity="warning", field="supervise_way", areacode="440305"),
    )
    rejected = (a_rejection(), a_rejection(row_no=9, rule="value_unlisted", field="task_type", value="21"))
    publish(store, run, a_city_run(run, *findings, rejected=rejected), tmp_path)
    wishes: tuple[tuple[dict[str, Any], int], ...] = (
        ({"check": "elements_drift"}, 2),
        ({"severity": "warning"}, 1),
        ({"areacode": "440305"}, 1),
        ({"field": "by_law"}, 1),
        ({"check": "elements_drift", "severity": "warning"}, 0),
    )
    for wanted, count in wishes:
        assert len(reading.findings(store, "440300", **wanted).rows) == count, wanted
    assert [row["row_no"] for row in reading.rejections(store, "440300").rows] == [7, 9]
    assert [row["row_no"] for row in reading.rejections(store, "440300", rule="value_unlisted").rows] == [9]
    assert reading.rejections(store, "440300", field="by_law").rows == ()


def test_the_last_good_snapshots_are_dated(store: Store, tmp_path: Path) -> None:
    for serial, received in enumerate((1, 1, 0), start=1):
        a_night(store, tmp_path, serial, State.IN_SYNC if received else State.NOT_SYNCED, received=received)
    (last,) = past.adopted_snapshots(store, "440300")
    assert (last["business_date"], last["rows"]) == ("2026-11-24", 1)
    assert len(past.adopted_snapshots(store, "440300", limit=7)) == 2
    (then,) = past.adopted_snapshots(store, "440300", on=TODAY)
    assert then["business_date"] == "2026-11-23"
    assert reading.snapshot_of(store, "440300", a_run(3).run_id) is None


def test_every_answer_goes_into_json_as_it_is(store: Store, tmp_path: Path) -> None:
    a_night(store, tmp_path, 1, State.IN_SYNC)
    run_id = a_run(1).run_id
    for answer in (
        reading.runs(store),
        reading.latest_verdicts(store),
        reading.pages_of(store, "440300", run_id),
        past.adopted_snapshots(store, "440300"),
        reading.master_versions(store),
    ):
        assert json.loads(json.dumps(answer)) == answer
