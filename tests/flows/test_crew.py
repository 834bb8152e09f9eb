"""A city that crashes or hangs its child process hurts no other, and the fault is ours."""

from __future__ import annotations

import json
import os
import signal
from datetime import UTC, datetime
from pathlib import Path

import pytest

from citysync.config.settings import load_settings
from citysync.domain.run import Trigger
from citysync.domain.verdict import Fault, State
from citysync.storage import reading
from citysync.storage.said import verdict_of
from citysync.storage.schema import open_store
from flows import crew as crew_module
from flows.crew import Lost, crew_of
from flows.night import Asked, begin, closing_well
from flows.walking import walk_all
from tests.builders import an_item
from tests.places import MASTER_ITEM, a_folder, write_city, write_master
from tests.program import citysync


def now() -> datetime:
    return datetime.now(UTC)


def test_a_child_that_is_killed_makes_its_city_unknown_and_the_next_city_is_served(tmp_path: Path) -> None:
    folder = a_folder(tmp_path)
    write_city(folder, [an_item()], code="440400")
    settings = load_settings(data_dir=folder / "data", cities_dir=folder / "cities")
    killed: list[str] = []

    def kill_the_first(code: str, text: str) -> None:
        if code == "440300" and "收到" in text:
            (child,) = crew._all
            killed.append(code)
            os.kill(child.pid, signal.SIGKILL)

    with crew_of(1) as crew:
        night = begin(Asked(Trigger.ON_DEMAND), settings, now())
        with closing_well(night, now):
            walk_all(night, crew, kill_the_first, now, 1)
    assert killed == ["440300"]
    first, second = night.verdicts["440300"], night.verdicts["440400"]
    assert (first.state, first.reasons[0].code, first.reasons[0].fault) == (State.UNKNOWN, "crashed", Fault.OURS)
    assert second.state is not State.UNKNOWN
    said = citysync("status", "--json", folder=folder)
    assert (said.code, said.json()["cities"][0]["state"]) == (3, "unknown")


def test_a_child_that_outlives_its_budget_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = a_folder(tmp_path)
    city = (folder / "cities" / "440300.toml").read_text(encoding="utf-8")
    (folder / "cities" / "440300.toml").write_text(f"{city}budget_seconds = 1\n", encoding="utf-8")
    monkeypatch.setattr(crew_module, "MARGIN_SECONDS", 1)
    settings = load_settings(data_dir=folder / "data", cities_dir=folder / "cities")

    def halt(text: str) -> None:
        if "收到" in text:
            (child,) = crew._all
            os.kill(child.pid, signal.SIGSTOP)

    with crew_of(1) as crew:
        night = begin(Asked(Trigger.ON_DEMAND), settings, now())
        answer = crew.ask(night._job(night.cities["440300"]), halt)
        night.close(now())
    assert isinstance(answer, Lost)
    assert answer.code == "hung"


def test_five_cities_nobody_can_reach_are_one_incident_of_ours(tmp_path: Path) -> None:
    (tmp_path / "cities").mkdir()
    for code in ("440300", "440400", "440500", "440600", "440700"):
        source = '[source]\nconnector = "http_pages"\nurl = "http://127.0.0.1:1/items"\n'
        (tmp_path / "cities" / f"{code}.toml").write_text(f'name = "某市"\ncode = "{code}"\n{source}', encoding="utf-8")
    assert citysync("master", "import", write_master(tmp_path, [MASTER_ITEM]), folder=tmp_path).code == 0
    said = citysync("sync", "--json", folder=tmp_path)
    night = said.json()
    assert (said.code, night["summary"]["unknown"], night["summary"]["not_synced"]) == (3, 5, 0)
    assert {city["reasons"][0]["code"] for city in night["cities"]} == {"common_cause"}
    assert json.dumps(citysync("status", "--json", folder=tmp_path).json()["summary"]) == json.dumps(night["summary"])


def test_one_city_nobody_can_reach_is_not_synced_and_the_network_is_named(tmp_path: Path) -> None:
    folder = a_folder(tmp_path)
    source = '[source]\nconnector = "http_pages"\nurl = "http://127.0.0.1:1/items"\n'
    (folder / "cities" / "440400.toml").write_text(f'name = "珠海市"\ncode = "440400"\n{source}', encoding="utf-8")
    said = citysync("sync", "440400", "--json", folder=folder)
    (city,) = said.json()["cities"]
    assert (said.code, city["state"], city["grade"]) == (1, "not_synced", None)
    assert (city["reasons"][0]["code"], city["reasons"][0]["fault"]) == ("unreachable", "network")
    assert set(city["counts"].values()) == {0}


def test_a_child_that_is_killed_after_it_published_leaves_its_verdict_to_the_night(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = a_folder(tmp_path)
    settings = load_settings(data_dir=folder / "data", cities_dir=folder / "cities")
    (tmp_path / "sitecustomize.py").write_text(KILLED_AFTER_THE_COMMIT, encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    said: list[str] = []
    with crew_of(1) as crew:
        night = begin(Asked(Trigger.ON_DEMAND), settings, now())
        with closing_well(night, now):
            walk_all(night, crew, lambda _code, text: said.append(text), now, 1)
    assert "处理进程意外结束（信号 9，被系统（多为整机内存不足）或被人终止）；结论此前已写入台账，以台账为准" in said
    assert night.verdicts["440300"].state is State.IN_SYNC
    with open_store(settings.database, write=False) as store:
        (kept,) = reading.verdicts_of(store, night.run.run_id)
    assert verdict_of(kept) == night.verdicts["440300"]


KILLED_AFTER_THE_COMMIT = """
import os, signal
from citysync.storage import ledger
publish = ledger.publish
def publish_and_die(*about, **more):
    publish(*about, **more)
    os.kill(os.getpid(), signal.SIGKILL)
ledger.publish = publish_and_die
"""
