"""What a night says depends on no order its cities end in (R25), no zone of the host (K02), no midnight (K06)."""

from __future__ import annotations

import asyncio
import json
import os
import random
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import yaml
from prefect.server.schemas.schedules import CronSchedule

from citysync.cli import main
from citysync.config.settings import Settings
from citysync.domain.run import Trigger
from citysync.storage import reading
from citysync.storage.schema import open_store
from flows.crew import Job
from flows.master_import import Import, import_master
from flows.night import Asked, Night, begin, closing_well
from flows.walking import walk_all
from tests.builders import CATALOG_CODE, an_item
from tests.house.pages import ROOT
from tests.inline import Answer, Inline, inline
from tests.places import MASTER_ITEM, write_city, write_master
from tests.reconciliation.cast import a_code

CODES = ("440300", "440400", "440500", "440600")
OTHER = "440106043002"
SHUFFLES = 50 if os.environ.get("CITYSYNC_CAMPAIGN") == "1" else 12
SHANGHAI = ZoneInfo("Asia/Shanghai")
START = datetime(2026, 11, 23, 1, 30, tzinfo=UTC)
Clock = Callable[[], datetime]


class InOrder(Inline):
    """Lets the cities end in one order only, although all are under way at once."""

    def __init__(self, order: list[str]) -> None:
        super().__init__()
        self._order, self._turn = order, threading.Condition()

    def ask(self, job: Job, step: Callable[[str], None]) -> Answer:
        with self._turn:
            self._turn.wait_for(lambda: self._order[0] == job.city.code, timeout=60)
            answer = super().ask(job, step)
            self._order.pop(0)
            self._turn.notify_all()
        return answer


def rows(code: str) -> list[dict[str, str | None]]:
    """Return a directory that has something of everything: a drift, a duplicate, a wrong code, too many visits."""
    wrong = [an_item(task_code="001"), an_item(task_code=a_code(OTHER), limit_scene_num="9")] if code > "440300" else []
    twice = [an_item(task_version="2", task_name="另名")] if code == "440500" else []
    return [{**row, "areacode": code} for row in (an_item(), *twice, *wrong)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("order")
    for code in CODES:
        write_city(made, rows(code), code=code, more="[tolerate]\nmax_rejected_ratio = 0.5\n")
    items = [MASTER_ITEM, {**MASTER_ITEM, "catalog_code": "440106043009"}]
    import_master(Import(write_master(made, items), effective_on=date(2026, 1, 1)), settings_of(made), START)
    return made


def settings_of(folder: Path, data: str = "data") -> Settings:
    return Settings(data_dir=folder / data, cities_dir=folder / "cities")


def night(settings: Settings, crew: Inline, now: Clock = lambda: START) -> Night:
    made = begin(Asked(Trigger.ON_DEMAND), settings, now())
    with closing_well(made, now):
        walk_all(made, crew, lambda _code, _text: None, now, len(CODES))
    return made


def said(settings: Settings, capsys: pytest.CaptureFixture[str], *words: str) -> str:
    """Return what a reading command prints, the run's number and moments apart."""
    places = ["--data-dir", str(settings.data_dir), "--cities-dir", str(settings.cities_dir)]
    main.run([*words, *places])
    return capsys.readouterr().out


def report(settings: Settings, run_id: str, capsys: pytest.CaptureFixture[str]) -> str:
    texts = [said(settings, capsys, "status", "--json")]
    texts += [said(settings, capsys, verb, code, "--json") for verb in ("findings", "rejects") for code in CODES]
    documents = [json.loads(text.replace(run_id, "RUN")) for text in texts]
    for city in documents[0]["cities"]:
        city["since"] = None
    return json.dumps(documents, ensure_ascii=False)


def test_the_report_is_the_same_byte_for_byte_whichever_city_ends_first(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shuffler, reports = random.Random(25), set()
    for number in range(SHUFFLES):
        shutil.copytree(folder / "data", tmp_path / f"{number}")
        settings = Settings(data_dir=tmp_path / f"{number}", cities_dir=folder / "cities")
        order = shuffler.sample(CODES, len(CODES))
        with inline(InOrder(order)) as crew:
            made = night(settings, crew)
        reports.add(report(settings, made.run.run_id, capsys))
    (only,) = reports
    assert all(word in only for word in ("elements_drift", "task_code_malformed", "visits_over_cap", "duplicated"))
    assert CATALOG_CODE in only


@pytest.fixture(params=["America/New_York", "Pacific/Kiritimati", None])
def host_zone(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str | None]:
    """Let the host live in a zone, or in none."""
    if request.param is None:
        monkeypatch.delenv("TZ", raising=False)
    else:
        monkeypatch.setenv("TZ", request.param)
    time.tzset()
    yield request.param
    monkeypatch.undo()
    time.tzset()


ON_THE_DAY = datetime(2026, 3, 8, 16, 30, tzinfo=UTC)  # 00:30 on the 9th in Shanghai, the 8th in New York: its DST day
_SAID: dict[str, str] = {}


def test_a_hosts_zone_changes_neither_the_business_date_nor_what_is_shown(
    host_zone: str | None, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(folder / "data", tmp_path / "data")
    settings = Settings(data_dir=tmp_path / "data", cities_dir=folder / "cities")
    with inline() as crew:
        made = night(settings, crew, lambda: ON_THE_DAY)
    assert made.run.business_date == date(2026, 3, 9)
    shown = said(settings, capsys, "status").replace(made.run.run_id, "RUN")
    assert "2026-03-09" in shown
    assert _SAID.setdefault("status", shown) == shown, host_zone


@pytest.mark.parametrize("first", [date(2026, 3, 6), date(2026, 10, 30)], ids=["spring", "autumn"])
def test_the_schedule_fires_once_a_night_over_the_days_clocks_are_changed(first: date, host_zone: str | None) -> None:
    deployments = yaml.safe_load((ROOT / "prefect.yaml").read_text(encoding="utf-8"))["deployments"]
    (written,) = next(each for each in deployments if each["name"] == "nightly")["schedules"]
    schedule = CronSchedule(cron=written["cron"], timezone=written["timezone"])
    start = datetime(first.year, first.month, first.day, tzinfo=SHANGHAI)
    times = asyncio.run(schedule.get_dates(n=50, start=start, end=start + timedelta(days=7)))
    nights = [moment.astimezone(SHANGHAI) for moment in times]
    assert [each.date() for each in nights] == [first + timedelta(days=day) for day in range(7)], host_zone
    assert {(each.hour, each.minute) for each in nights} == {(1, 30)}


def test_a_run_that_begins_before_midnight_keeps_its_business_date(folder: Path, tmp_path: Path) -> None:
    shutil.copytree(folder / "data", tmp_path / "data")
    settings = Settings(data_dir=tmp_path / "data", cities_dir=folder / "cities")
    moments = iter([datetime(2026, 11, 23, 23, 58, tzinfo=SHANGHAI).astimezone(UTC)])
    after = datetime(2026, 11, 24, 0, 5, tzinfo=SHANGHAI).astimezone(UTC)
    with inline() as crew:
        made = night(settings, crew, lambda: next(moments, after))
    with open_store(settings.database, write=False) as store:
        verdicts: list[dict[str, Any]] = reading.verdicts_of(store, made.run.run_id)
        run = reading.run_of(store, made.run.run_id)
    assert run is not None
    assert (made.run.business_date, run["business_date"]) == (date(2026, 11, 23), "2026-11-23")
    assert {each["business_date"] for each in verdicts} == {"2026-11-23"}
    assert len(verdicts) == len(CODES)
