"""A run that is stopped, killed or doubled leaves nothing behind, and one result per city."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from citysync.storage import reading
from citysync.storage.schema import open_store
from tests.flows.servers import until
from tests.flows.slow import NONE_LEFT, SlowCity, Started, a_slow_folder, children_of, is_alive, leftovers, slow_city
from tests.program import citysync
from tests.servers import postgresql_url


@pytest.fixture
def city() -> Iterator[SlowCity]:
    with slow_city() as slow:
        yield slow


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def env(request: pytest.FixtureRequest) -> Iterator[dict[str, str]]:
    if request.param == "sqlite":
        yield {}
        return
    with postgresql_url() as url:
        yield {"CITYSYNC_DATABASE_URL": url}


def runs(folder: Path, env: dict[str, str]) -> list[dict[str, object]]:
    """Return the runs the ledger knows, oldest first."""
    url = env.get("CITYSYNC_DATABASE_URL", f"sqlite:///{folder / 'data' / 'citysync.sqlite3'}")
    with open_store(url, write=False) as store:
        return reading.runs(store)[::-1]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_run_that_is_asked_to_stop_is_cancelled_and_leaves_nothing(
    tmp_path: Path, city: SlowCity, number: int
) -> None:
    folder = a_slow_folder(tmp_path, city)
    started = Started("sync", folder=folder)
    assert city.asked.wait(100)
    children = children_of(started.pid)
    assert children
    started.send(number)
    said = started.ended()
    assert said.code == 130, said.err
    assert said.err.strip().endswith("已取消")
    assert [child for child in children if is_alive(child)] == []
    assert leftovers(folder) == NONE_LEFT
    (run,) = runs(folder, {})
    assert (run["status"], run["error"], run["published"]) == ("cancelled", "已取消", 0)
    assert citysync("status", "--json", folder=folder).json()["cities"][0]["reasons"][0]["code"] == "never_run"


def test_two_runs_at_once_make_one_result_and_both_show_it(tmp_path: Path, city: SlowCity, env: dict[str, str]) -> None:
    folder = a_slow_folder(tmp_path, city, env=env)
    first = Started("sync", "--json", folder=folder, env=env)
    assert city.asked.wait(100)
    first_id = str(runs(folder, env)[0]["run_id"])
    refused = citysync("sync", "440300", "--no-wait", folder=folder, env=env)
    assert (refused.code, refused.out) == (3, "")
    assert f"深圳市 正在由 run {first_id} 处理" in refused.err
    second = Started("sync", "440300", "--json", folder=folder, env=env)
    third = Started("recheck", "440300", "--json", folder=folder, env=env)  # a re-check joins it too
    until(lambda: len(runs(folder, env)) == 3, 100)
    city.free.set()
    said = [started.ended() for started in (first, second, third)]
    assert [each.code for each in said] == [0, 0, 0], said
    assert said[0].json() == said[1].json() == said[2].json()
    assert said[0].json()["run_id"] == first_id
    assert city.requests == 1
    assert f"深圳市 正在由 run {first_id} 处理" in said[1].err
    assert [run["published"] for run in runs(folder, env)] == [1, 0, 0]
    assert leftovers(folder, env.get("CITYSYNC_DATABASE_URL")) == NONE_LEFT


def test_a_run_that_waits_takes_over_when_the_first_is_killed(
    tmp_path: Path, city: SlowCity, env: dict[str, str]
) -> None:
    folder = a_slow_folder(tmp_path, city, env=env)
    first = Started("sync", folder=folder, env=env)
    assert city.asked.wait(100)
    children = children_of(first.pid)
    second = Started("sync", "--json", folder=folder, env=env)
    until(lambda: len(runs(folder, env)) == 2, 100)
    first.send(signal.SIGKILL)
    first.ended()
    until(lambda: city.requests == 2, 100)
    city.free.set()
    said = second.ended()
    dead, alive = runs(folder, env)
    assert said.code == 0, said.err
    assert said.json()["run_id"] == alive["run_id"]
    assert (dead["status"], dead["published"], alive["status"], alive["published"]) == ("abandoned", 0, "finished", 1)
    assert str(dead["error"]).startswith("中断")
    until(lambda: not any(map(is_alive, children)), 100)
    assert leftovers(folder, env.get("CITYSYNC_DATABASE_URL")) == NONE_LEFT


def test_the_children_of_a_killed_run_end_with_it(tmp_path: Path, city: SlowCity) -> None:
    folder = a_slow_folder(tmp_path, city, "440400")
    started = Started("sync", folder=folder)
    assert city.asked.wait(100)
    children = children_of(started.pid)
    started.send(signal.SIGKILL)
    started.ended()
    until(lambda: not any(map(is_alive, children)), 100)
    assert leftovers(folder)["running"] == 1, "nobody has closed it yet"
    city.free.set()
    said = citysync("sync", "--json", folder=folder)
    assert said.json()["summary"]["cities"] == 2
    assert [run["status"] for run in runs(folder, {})] == ["abandoned", "finished"]
    assert leftovers(folder) == NONE_LEFT


def test_a_stopped_city_keeps_its_last_result(tmp_path: Path, city: SlowCity) -> None:
    folder = a_slow_folder(tmp_path, city)
    city.free.set()
    before = citysync("sync", "--json", folder=folder).json()
    city.free.clear()
    city.asked.clear()
    started = Started("sync", folder=folder)
    assert city.asked.wait(100)
    started.send(signal.SIGTERM)
    assert started.ended().code == 130
    assert citysync("status", "--json", folder=folder).json()["cities"] == before["cities"]


@pytest.mark.prefect
@pytest.mark.xdist_group("prefect")
@pytest.mark.parametrize("number", [signal.SIGTERM])
def test_a_night_under_the_orchestrator_is_cancelled_too(tmp_path: Path, city: SlowCity, number: int) -> None:
    folder = a_slow_folder(tmp_path, city)
    started = Started("nightly", folder=folder)
    assert city.asked.wait(120)
    started.send(number)
    said = started.ended()
    assert said.code == 130, said.err
    (run,) = runs(folder, {})
    assert run["status"] == "cancelled", json.dumps(run)
    assert leftovers(folder) == NONE_LEFT
