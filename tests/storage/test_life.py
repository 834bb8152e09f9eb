"""The life of a finding from night to night, as the ledger keeps it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from citysync.domain.findings import no_findings
from citysync.domain.snapshot import Grade
from citysync.domain.verdict import State
from citysync.domain.workdays import calendar
from citysync.storage import reading
from citysync.storage.engine import Store
from citysync.storage.ledger import publish, start_run
from citysync.storage.lives import fixed, lives_at, with_lives
from tests.builders import TASK_CODE, TODAY, a_snapshot, an_item
from tests.storage.cast import CITIES, a_city_run, a_finding, a_rejection, a_run

ABSENT = {"check": "unclaimed", "task_code": None, "field": "catalog_code", "suspected": False}


class Nights:
    """Nights of 深圳市, one after the other from TODAY (a Monday) on."""

    def __init__(self, store: Store, folder: Path) -> None:
        self.store, self.folder, self.past = store, folder, 0

    def night(self, *findings: dict[str, Any], grade: Grade = Grade.A, codes: tuple[str, ...] = (), **more: Any) -> str:
        self.past += 1
        run = a_run(self.past, on=TODAY + timedelta(days=self.past - 1))
        start_run(self.store, run, CITIES)
        city_run = a_city_run(run, *findings, **more)
        snapshot = a_snapshot([an_item(task_code=code) for code in codes or (TASK_CODE,)], grade=grade)
        publish(self.store, run, replace(city_run, snapshot=snapshot), self.folder)
        return run.run_id

    def unjudged(self) -> str:
        """Publish a night whose snapshot was not adopted: held, cut, or nothing came."""
        self.past += 1
        run = a_run(self.past, on=TODAY + timedelta(days=self.past - 1))
        start_run(self.store, run, CITIES)
        city_run = replace(a_city_run(run, state=State.HELD), findings=no_findings(), adopted=False)
        publish(self.store, run, city_run, self.folder)
        return run.run_id

    def told(self, run_id: str) -> list[dict[str, Any]]:
        listing = with_lives(self.store, "440300", reading.findings(self.store, "440300", run_id=run_id), calendar())
        keys = ("first_seen_on", "confirmed_on", "reopened_on", "age_workdays")
        return [{key: row[key] for key in keys} for row in listing.rows]

    def fixed(self, run_id: str, since: date | None = None) -> list[tuple[str, str, str, str]]:
        _, lives = lives_at(self.store, "440300", run_id)
        return [
            (row["check"], row["first_seen_on"], row["last_seen_on"], row["fixed_on"]) for row in fixed(lives, since)
        ]


def seen(on: str, *, age: int, confirmed: str | None = None, reopened: str | None = None) -> dict[str, Any]:
    return {"first_seen_on": on, "confirmed_on": confirmed or on, "reopened_on": reopened, "age_workdays": age}


def test_a_finding_is_as_old_as_the_first_night_that_saw_it(store: Store, tmp_path: Path) -> None:
    nights = Nights(store, tmp_path)
    first, second = nights.night(a_finding()), nights.night(a_finding(actual="又改了名", severity="warning"))
    assert nights.told(first) == [seen("2026-11-23", age=0)]
    assert nights.told(second) == [seen("2026-11-23", age=1)]
    assert nights.fixed(second) == []


def test_a_finding_that_is_gone_was_fixed_and_a_relapse_is_told(store: Store, tmp_path: Path) -> None:
    nights = Nights(store, tmp_path)
    first, gone, back = nights.night(a_finding()), nights.night(), nights.night(a_finding())
    assert nights.fixed(gone) == [("elements_drift", "2026-11-23", "2026-11-23", "2026-11-24")]
    assert nights.fixed(gone, since=date(2026, 11, 25)) == []
    assert nights.fixed(back) == []
    assert nights.told(back) == [seen("2026-11-23", age=0, confirmed="2026-11-25", reopened="2026-11-25")]
    assert nights.told(first) == [seen("2026-11-23", age=0)], "a past night is told as it was"


def test_a_run_that_did_not_judge_the_city_changes_nothing(store: Store, tmp_path: Path) -> None:
    nights = Nights(store, tmp_path)
    nights.night(a_finding())
    assert nights.fixed(nights.unjudged()) == []
    assert nights.told(nights.night(a_finding())) == [seen("2026-11-23", age=2)]


def test_a_suspected_absence_is_confirmed_by_the_second_night(store: Store, tmp_path: Path) -> None:
    nights = Nights(store, tmp_path)
    first = nights.night(a_finding(**{**ABSENT, "suspected": True}))
    second, third = nights.night(a_finding(**ABSENT)), nights.night(a_finding(**ABSENT))
    assert nights.told(first)[0]["confirmed_on"] is None
    assert nights.told(second) == [seen("2026-11-23", age=1, confirmed="2026-11-24")]
    assert nights.told(third) == [seen("2026-11-23", age=2, confirmed="2026-11-24")]
    assert nights.told(first)[0]["confirmed_on"] is None, "as of that night it was not confirmed"


def test_grade_c_fixes_no_absence_and_nothing_about_a_row_that_did_not_come(store: Store, tmp_path: Path) -> None:
    nights = Nights(store, tmp_path)
    other = a_finding(task_code=TASK_CODE[:-1] + "9")
    nights.night(a_finding(**ABSENT), a_finding(), other, codes=(TASK_CODE, TASK_CODE[:-1] + "9"))
    unproved = nights.night(grade=Grade.C)
    assert nights.fixed(unproved) == [("elements_drift", "2026-11-23", "2026-11-23", "2026-11-24")]
    proved = nights.night(a_finding(**ABSENT), other)
    assert nights.told(proved) == [seen("2026-11-23", age=2)] * 2


def test_two_findings_of_one_place_have_one_life_and_another_field_another(store: Store, tmp_path: Path) -> None:
    nights = Nights(store, tmp_path)
    nights.night(a_finding(), a_finding(actual="另一"), a_finding(field="by_law"))
    assert len(nights.fixed(nights.night(a_finding(field="by_law")))) == 1


def test_a_rejected_row_has_a_life_that_is_no_finding(store: Store, tmp_path: Path) -> None:
    nights = Nights(store, tmp_path)
    nights.night(rejected=(a_rejection(task_code="\x00短"),))
    run_id = nights.night(rejected=(a_rejection(task_code="\x00短"),))
    _, lives = lives_at(store, "440300", run_id)
    assert [(life.identity[0], life.first_seen_on, life.closed_on) for life in lives] == [
        ("task_code_missing", TODAY, None)
    ]
    assert nights.fixed(nights.night()) == []


def test_publishing_the_same_run_twice_opens_nothing_twice(store: Store, tmp_path: Path) -> None:
    run = a_run(1)
    start_run(store, run, CITIES)
    city_run = a_city_run(run, a_finding())
    publish(store, run, city_run, tmp_path)
    assert not publish(store, run, city_run, tmp_path).new
    assert len(lives_at(store, "440300", run.run_id)[1]) == 1
