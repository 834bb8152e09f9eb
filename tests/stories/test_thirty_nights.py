"""Thirty nights of a province with every kind of difference: findings, lives, deadlines and states equal the truth."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import chinese_calendar
import pytest

from citysync.domain.catalogue import MasterCatalogue
from citysync.domain.findings import RULE_LABELS
from citysync.domain.run import Run, Trigger
from citysync.domain.workdays import calendar
from citysync.reports.document import document
from citysync.simulator.history.province import History, build_history
from citysync.simulator.history.truth import NightTruth, truths
from citysync.simulator.kinds import KINDS
from citysync.simulator.plan import CITY_CODES
from citysync.simulator.truth import FINDING_KEYS, REJECTION_KEYS
from citysync.storage import catalogue, clean_rows, ledger, reading
from citysync.storage.engine import Store
from citysync.storage.lives import fixed, lives_at, with_lives
from citysync.storage.memory import recall
from citysync.storage.schema import open_store
from connectors import _last_night
from flows.child import keep_texts, with_known_rows
from flows.line import Means, sync_city
from schemas.master import master_changes, typed_master
from tests.servers import postgresql_url
from tests.simulator.walk import Walk, walking

START = date(2026, 9, 14)  # National Day and Mid-Autumn with their make-up days lie in the nights that follow
# Proved by a total (A), with little to do but to follow the master (A), not proved (C), local codes in a JSON file (B):
# those that are not asked every night have a life too.
CITIES = {"440300": 2, "442000": 1, "440800": 5, "441400": 5}
TIDY = ("442000",)
ITEMS, NIGHTS = 160, 30
UNPUBLISHED, SATURDAY = 2027, 5
LIVED = ("first_seen_on", "confirmed_on", "reopened_on", "age_workdays")


@dataclass
class Nights:
    """A history played against the real line and a real ledger, night by night."""

    history: History
    store: Store
    folder: Path
    versions: list[str] = field(default_factory=list)
    runs: list[str] = field(default_factory=list)
    known: int = 0

    def play(self, night: int) -> dict[str, NightTruth]:
        """Pull, judge and publish every city of one night, and return what was said."""
        on = self.history.day(night)
        self._master(night)
        now = datetime.combine(on, time(18), UTC)
        run = Run(ledger.new_run_id(now, f"{night:06x}"), Trigger.NIGHTLY, on, now, self.versions[-1])
        master = catalogue.load_version(self.store, run.master_version)
        with walking(self.history.province(night), self.folder) as walk:
            asked = walk.province.cities  # the folder still has the files of all
            ledger.start_run(self.store, run, [(code, city.name) for code, city in asked.items()])
            for code in asked:
                self._city(walk, code, run, master)
        ledger.finish_run(self.store, run.run_id, now + timedelta(hours=1))
        self.runs.append(run.run_id)
        codes = [code for code, city in self.history.cities.items() if city.asked(night)]
        return {code: self.told(code, run.run_id, on) for code in codes}

    def _city(self, walk: Walk, code: str, run: Run, master: MasterCatalogue) -> None:
        memory = recall(self.store, self.folder, code, run.run_id)
        memory = with_known_rows(memory, self.folder, code)
        door = replace(walk.door(), now=lambda: run.started_at)  # a file named for tomorrow is another matter
        means = Means(door, calendar(), lambda _step: None)
        city_run = sync_city(walk.cities[code], run, master, memory, means)
        if city_run.clean is not None:
            clean_rows.write(self.folder, code, city_run.clean)
        ledger.publish(self.store, run, city_run, self.folder)
        keep_texts(self.folder, city_run)
        texts = None if city_run.snapshot is None else city_run.snapshot.texts
        self.known += 0 if texts is None else texts.known

    def _master(self, night: int) -> None:
        """Import the master when it changes: one version per batch."""
        batches = sum(batch.night <= night for batch in self.history.batches)
        if batches < len(self.versions):
            return
        items = typed_master(self.history.master(batches))
        changed = frozenset[str]()
        if self.versions:
            changed = master_changes(catalogue.load_version(self.store, self.versions[-1]).items, items)
            assert changed == self.history.batches[batches - 1].codes
        on = self.history.day(night)
        now = datetime.combine(on, time(10), UTC)
        done = catalogue.save_master(self.store, items, effective_on=on, changed=changed, source="master.csv", now=now)
        self.versions.append(done.version)

    def told(self, code: str, run_id: str, on: date) -> NightTruth:
        """Return what the ledger says of a city's night, in the shape of the truth."""
        (verdict,) = reading.latest_verdicts(self.store, [code], on=on)
        listing = reading.findings(self.store, code, run_id=run_id)
        rows = with_lives(self.store, code, listing, calendar()).rows
        _, lives = lives_at(self.store, code, run_id)
        gone = fixed(lives)
        keys = ("check", "areacode", "catalog_code", "task_code", "task_handle_item", "field")
        return NightTruth(
            state=verdict["state"],
            judged=verdict["adopted"],
            findings=tuple(_row(row) for row in rows),
            rejections=tuple(
                {key: row[key] for key in REJECTION_KEYS}
                for row in reading.rejections(self.store, code, run_id=run_id).rows
            ),
            counts=verdict["counts"],
            fixed={tuple(row[key] for key in keys): row["fixed_on"] for row in gone},
        )

    def published(self, on: date) -> str:
        """Return the documents of ``status`` and ``findings`` as of a day, as they would be printed."""
        rows = reading.latest_verdicts(self.store, reading.cities_by(self.store, on), on=on)
        status = document(reading.last_run(self.store, on), rows)
        lists = [
            with_lives(self.store, row["code"], reading.findings(self.store, row["code"], on=on), calendar()).rows
            for row in rows
        ]
        return json.dumps([status, lists], ensure_ascii=False, indent=2)


def _row(row: dict[str, Any]) -> dict[str, str | None]:
    told = {key: row[key] for key in (*FINDING_KEYS, "due_on", "exempt_reason", *LIVED)}
    return {**told, "suspected": "yes" if row["suspected"] else "no", "age_workdays": str(row["age_workdays"])}


def shown(truth: NightTruth) -> dict[str, Any]:
    """Return a night in an order that does not depend on how it was told."""
    return {
        "state": truth.state,
        "judged": truth.judged,
        "findings": sorted((sorted(row.items()) for row in truth.findings), key=str),
        "rejections": sorted((sorted(row.items()) for row in truth.rejections), key=str),
        "counts": dict(truth.counts) if truth.judged else {},
        "fixed": sorted(((k, day) for k, day in truth.fixed.items() if k[0] not in RULE_LABELS), key=str),
    }


@contextmanager
def a_ledger(folder: Path) -> Iterator[Store]:
    with open_store(f"sqlite:///{folder / 'citysync.sqlite3'}", write=True) as store:
        yield store


@cache
def is_workday(day: date) -> bool:
    """Return what another table of the same notices says; beyond it, weekends."""
    return chinese_calendar.is_workday(day) if day.year < UNPUBLISHED else day.weekday() < SATURDAY


def play(history: History, store: Store, folder: Path, nights: int) -> list[str]:
    """Play some nights, hold each against the truth, and return the states that were seen."""
    truth = {code: truths(history, code, is_workday) for code in history.cities}
    played, captured, states = Nights(history, store, folder), {}, []
    for night in range(nights):
        on = history.day(night)
        for code, said in played.play(night).items():
            assert shown(said) == shown(truth[code][night]), f"{code}, night {night}, {on}"
            states.append(said.state)
        if night % 6 == 0:
            captured[on] = played.published(on)
    assert {on: played.published(on) for on in captured} == captured, "as of a past night: what was published then"
    assert played.known or _last_night.LEAST > ITEMS, "most rows are those of the night before"
    return states


def test_every_night_of_thirty_is_told_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connectors._last_night.LEAST", 1)
    history = build_history(8, ITEMS, CITIES, START, NIGHTS, tidy=TIDY)
    kinds = {each.difference.kind for city in history.cities.values() for each in city.lasting}
    assert set(KINDS) <= kinds, sorted(set(KINDS) - kinds)
    with a_ledger(tmp_path) as store:
        states = play(history, store, tmp_path, NIGHTS)
    assert set(states) == {"in_sync", "lagging", "out_of_sync", "held", "not_synced"}


@pytest.mark.postgresql
def test_a_ledger_on_postgresql_tells_a_handful_of_nights_the_same(tmp_path: Path) -> None:
    history = build_history(8, ITEMS, {"442000": 1}, START, NIGHTS, tidy=TIDY)
    with postgresql_url() as url, open_store(url, write=True) as store:
        play(history, store, tmp_path, 8)


@pytest.mark.campaign
@pytest.mark.skipif("CITYSYNC_CAMPAIGN" not in os.environ, reason="whole only under make campaign")
@pytest.mark.parametrize("start", [START, date(2026, 2, 2), date(2026, 12, 14)])
def test_every_night_of_a_whole_province_is_told_as_it_was(tmp_path: Path, start: date) -> None:
    """Spring Festival, National Day, and a year without a calendar; front-end databases are rewritten each night."""
    history = build_history(9, ITEMS, dict.fromkeys(CITY_CODES, 1), start, NIGHTS, tidy=TIDY)
    with a_ledger(tmp_path) as store:
        play(history, store, tmp_path, NIGHTS)
