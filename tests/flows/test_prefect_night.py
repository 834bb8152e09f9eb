"""The guard of the locked versions: a server starts, a cron deployment fires, a worker runs the night."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from base64 import b64encode
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import UUID

import pytest
import sqlalchemy as sa
from prefect import get_client
from prefect.events.schemas.automations import EventTrigger
from prefect.settings import PREFECT_API_URL, temporary_settings

from citysync.simulator.province import build_province
from citysync.simulator.server import serve
from citysync.simulator.simulate import Layout, write_province
from citysync.storage import reading, tables, walks
from citysync.storage.engine import Store
from citysync.storage.schema import open_store
from flows.automations import apply, automations
from tests.flows.servers import ROOT, Prefect, kill_session, prefect_server, until
from tests.program import citysync
from tests.servers import postgresql_url

pytestmark = [pytest.mark.prefect, pytest.mark.xdist_group("prefect")]
TERMINAL = {"COMPLETED", "FAILED", "CRASHED", "CANCELLED"}
SCHEDULED = {"all_": ["auto-scheduled"]}
DAY = "2026-11-23"


@pytest.fixture(scope="module")
def prefect(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prefect]:
    """Yield a server with the project's deployments on a process work pool, as ``prefect.yaml`` declares them."""
    with prefect_server(tmp_path_factory.mktemp("prefect")) as server:
        for pool in ("citysync", "citysync-cities"):
            assert server.run("work-pool", "create", pool, "--type", "process").returncode == 0
        server.env["CITYSYNC_HOME"] = str(ROOT)
        deployed = server.run("deploy", "--all")
        assert deployed.returncode == 0, deployed.stdout + deployed.stderr
        yield server


@pytest.fixture(scope="module")
def province(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Layout]]:
    """Yield the folder of a served province of 21 cities with its master catalogue imported."""
    folder = tmp_path_factory.mktemp("province")
    simulated = build_province(11, 60, differences="demo")
    with serve(simulated) as server:
        layout = write_province(simulated, folder, server.base_url)
        layout.write_secrets(folder / "secrets")
        imported = citysync("master", "import", layout.master, "--effective", "2026-11-01", folder=folder)
        assert imported.code == 0, imported.err
        yield folder, layout


@dataclass(frozen=True)
class Nights:
    """What came of several runs that were due at once, and of one that was due while they were walked."""

    at_once: list[dict[str, Any]]
    late: dict[str, Any]

    @property
    def walked(self) -> list[dict[str, Any]]:
        return [run for run in self.at_once if run["state_type"] == "COMPLETED"]


def steering(folder: Path) -> dict[str, str]:
    return {
        "CITYSYNC_DATA_DIR": str(folder / "data"),
        "CITYSYNC_CITIES_DIR": str(folder / "cities"),
        "CITYSYNC_SECRETS_DIR": str(folder / "secrets"),
        "PREFECT_WORKER_QUERY_SECONDS": "2",
    }


@pytest.fixture(scope="module")
def nights(prefect: Prefect, province: tuple[Path, Layout]) -> Nights:
    """Run ``nightly`` as a deployment on a worker that was away for two nights, and is asked for one by hand too."""
    folder, _ = province
    until(lambda: len(prefect.runs("nightly", tags=SCHEDULED)) >= 3, 90)
    missed = [run["id"] for run in prefect.runs("nightly", tags=SCHEDULED)[:3]]
    for days, run in enumerate(missed[:2]):
        prefect.miss(run, datetime.now(UTC) - timedelta(days=days, hours=6), business_date=DAY)
    asked = prefect.run("deployment", "run", "nightly/nightly", "--param", f'business_date="{DAY}"', "--tag", "by-hand")
    assert asked.returncode == 0, asked.stdout + asked.stderr
    by_hand = [run["id"] for run in prefect.runs("nightly", tags={"all_": ["by-hand"]})]

    def found(*runs: str) -> list[dict[str, Any]]:
        return [run for run in prefect.runs("nightly") if run["id"] in runs]

    def ended(*runs: str) -> bool:
        return {run["state_type"] for run in found(*runs)} <= TERMINAL

    with prefect.worker("citysync", **steering(folder)):
        until(lambda: ended(*missed[:2], *by_hand), 180)
        prefect.miss(missed[2], datetime.now(UTC) - timedelta(hours=6), business_date=DAY)
        until(lambda: ended(missed[2]), 120)
    return Nights(found(*missed[:2], *by_hand), found(missed[2])[0])


@pytest.fixture(scope="module")
def night(nights: Nights) -> dict[str, Any]:
    """Return the one flow run that walked the night, as it ended."""
    (walked,) = nights.walked
    return walked


def test_a_cron_deployment_yields_scheduled_runs(prefect: Prefect) -> None:
    def scheduled() -> bool:
        count = prefect.post("flow_runs/count", flow_runs={"tags": {"all_": ["auto-scheduled"]}})
        return bool(count > 0)

    until(scheduled, 90)


def test_the_nightly_deployment_runs_one_at_a_time_at_half_past_one_in_shanghai(prefect: Prefect) -> None:
    deployments = {each["name"]: each for each in prefect.post("deployments/filter")}
    assert set(deployments) == {"nightly", "on-demand", "watchdog", "city"}
    (schedule,) = deployments["nightly"]["schedules"]
    assert (schedule["schedule"]["cron"], schedule["schedule"]["timezone"]) == ("30 1 * * *", "Asia/Shanghai")
    limit = deployments["nightly"]["global_concurrency_limit"] or {}
    assert (limit.get("limit"), deployments["on-demand"]["schedules"]) == (1, [])


def test_the_night_is_completed_and_named_for_its_flagged_cities(night: dict[str, Any]) -> None:
    assert (night["state_type"], night["state_name"]) == ("COMPLETED", "Flagged")
    assert "/21" in night["state"]["message"]


def test_nights_missed_and_asked_for_at_once_are_walked_once(nights: Nights, province: tuple[Path, Layout]) -> None:
    states = sorted((run["state_type"], run["state_name"]) for run in nights.at_once)
    assert states == [("CANCELLED", "Cancelled"), ("CANCELLED", "Cancelled"), ("COMPLETED", "Flagged")]
    folder, _ = province
    with open_store(f"sqlite:///{folder / 'data' / 'citysync.sqlite3'}", write=False) as store:
        assert [run["trigger"] for run in reading.runs(store)] == ["nightly"]


def test_a_missed_night_that_comes_after_the_catch_up_finds_nothing_to_do(nights: Nights) -> None:
    assert (nights.late["state_type"], nights.late["state_name"]) == ("COMPLETED", "CaughtUp")


def test_the_night_tells_its_events_without_a_secret(
    night: dict[str, Any], prefect: Prefect, province: tuple[Path, Layout]
) -> None:
    def told() -> list[dict[str, Any]]:
        return list(prefect.post("events/filter", filter={"event": {"prefix": ["citysync."]}}, limit=50)["events"])

    until(lambda: len(told()) >= 23, 60)
    names = Counter(event["event"] for event in told())
    assert (names["citysync.run.started"], names["citysync.run.finished"]) == (1, 1)
    assert sum(count for name, count in names.items() if name.startswith("citysync.city.")) == 21
    (finished,) = (event for event in told() if event["event"] == "citysync.run.finished")
    assert finished["payload"]["cities"] == 21
    said = json.dumps(told())
    assert [secret for secret in province[1].secrets.values() if secret in said] == []
    assert night["id"] in said, "each event leads to its flow run"


def test_no_secret_of_a_city_is_anywhere_the_orchestrator_keeps(
    night: dict[str, Any], prefect: Prefect, province: tuple[Path, Layout]
) -> None:
    kept = [path for path in Path(prefect.env["PREFECT_HOME"]).rglob("*") if path.is_file()]
    whole = b"".join(path.read_bytes() for path in kept)
    assert night["id"].encode() in whole or night["id"].replace("-", "").encode() in whole, "the runs are in there"
    secrets = [secret.encode() for secret in province[1].secrets.values()]
    forms = {form for secret in secrets for form in (secret, quote(secret, safe="").encode(), b64encode(secret))}
    assert [form for form in forms if form in whole] == []


def test_one_broken_city_does_not_stop_the_other_twenty(night: dict[str, Any], province: tuple[Path, Layout]) -> None:
    assert night["state_type"] == "COMPLETED"
    folder, layout = province
    status = citysync("status", "--json", folder=folder).json()
    truth = json.loads(layout.truth.read_text(encoding="utf-8"))["cities"]
    assert {city["code"]: city["state"] for city in status["cities"]} == {
        code: city["state"] for code, city in truth.items()
    }
    assert (status["summary"]["cities"], status["summary"]["not_synced"]) == (21, 2)


def test_every_city_is_a_task_with_steps_a_person_can_follow(night: dict[str, Any], prefect: Prefect) -> None:
    tasks = prefect.post("task_runs/filter", flow_runs={"id": {"any_": [night["id"]]}})
    names = {task["name"] for task in tasks}
    assert {f"sync-{code}" for code in ("440100", "440300", "445300")} <= names
    assert len(names) == 21
    ours = {"flow_run_id": {"any_": [night["id"]]}}

    def told(sentence: str) -> bool:
        """Return whether a sentence stands in the run's logs; they reach the server in batches, 200 a page."""
        pages = (prefect.post("logs/filter", logs=ours, limit=200, offset=start) for start in range(0, 1_000, 200))
        return any(sentence in log["message"] for page in pages for log in page)

    until(lambda: told("440300 深圳市 取数"), 60)
    until(lambda: told("440300 深圳市 结论：失步"), 60)


def test_the_nights_artifacts_open(night: dict[str, Any], prefect: Prefect) -> None:
    artifacts = prefect.post("artifacts/filter", flow_runs={"id": {"any_": [night["id"]]}})
    found = {artifact["key"]: artifact for artifact in artifacts}
    table = json.loads(found["night"]["data"])
    assert len(table) == 21
    assert {"城市": "440300", "名称": "深圳市", "状态": "失步"}.items() <= table[2].items()
    flagged = {row["城市"] for row in table if row["状态"] in {"失步", "未同步", "待确认"}}
    assert {key.removeprefix("city-") for key in found if key != "night"} == flagged
    assert "# 深圳市 440300：失步" in found["city-440300"]["data"]


def test_flow_parameters_hold_city_codes_and_a_date_only(night: dict[str, Any]) -> None:
    assert set(night["parameters"]) <= {"codes", "business_date"}


@pytest.fixture(scope="module")
def net(prefect: Prefect, nights: Nights) -> Iterator[list[str]]:
    """Apply the project's automations twice and return what was done; one of them waits seconds, not hours."""
    del nights  # before them nothing may start a watchdog
    with temporary_settings({PREFECT_API_URL: prefect.api}), get_client(sync_client=True) as client:
        (watchdog,) = prefect.post("deployments/filter", deployments={"name": {"any_": ["watchdog"]}})
        done = apply(automations(UUID(watchdog["id"]), None), client)
        done += apply(automations(UUID(watchdog["id"]), None), client)
        no_night, *_ = automations(UUID(watchdog["id"]), None)
        assert isinstance(no_night.trigger, EventTrigger)
        soon = no_night.trigger.model_copy(update={"within": timedelta(seconds=10)})
        shortened = client.create_automation(no_night.model_copy(update={"name": "no night, soon", "trigger": soon}))
        yield done
        client.delete_automation(shortened)


def test_automations_are_applied_from_the_repository_and_applied_again_change_nothing(
    prefect: Prefect, net: list[str]
) -> None:
    assert [line.split(" ")[0] for line in net] == ["已建立"] * 4 + ["已更新"] * 4
    found = {each["name"]: each for each in prefect.post("automations/filter") if each["name"].startswith("citysync: ")}
    assert set(found) == {f"citysync: {name}" for name in ("没有完成的运行", "运行崩溃", "无人接手", "失去心跳")}
    silence = found["citysync: 没有完成的运行"]
    assert (silence["enabled"], silence["trigger"]["within"]) == (True, 26 * 3600)


@pytest.mark.usefixtures("net")
def test_where_no_night_finishes_in_time_the_watchdog_is_asked_to_look(prefect: Prefect) -> None:
    until(lambda: bool(started_by_automation(prefect)), 60)


@pytest.mark.postgresql
@pytest.mark.usefixtures("net")
def test_a_city_whose_flow_run_was_killed_is_given_out_anew_and_published_once(
    prefect: Prefect, province: tuple[Path, Layout], tmp_path: Path
) -> None:
    folder, layout = province
    codes = ("440100", "440300")
    with postgresql_url() as url:
        env = {**steering(folder), "CITYSYNC_DATA_DIR": str(tmp_path / "data"), "CITYSYNC_DATABASE_URL": url}
        env |= {name: value for name, value in prefect.env.items() if name.startswith("PREFECT_")}
        imported = citysync("master", "import", layout.master, "--effective", "2026-11-01", folder=folder, env=env)
        assert imported.code == 0, imported.err
        env |= {"CITYSYNC_FAN_OUT": "pool"}
        with (
            open_store(url, write=True) as store,
            ThreadPoolExecutor(1) as aside,
            prefect.worker("citysync-cities", "one", **env),
            prefect.worker("citysync-cities", "two", **env),
        ):
            words = ("nightly", *codes, "--business-date", DAY, "--json")
            night = aside.submit(citysync, *words, folder=folder, env=env)
            until(lambda: bool(walking(store)), 120)
            kill_session(os.getsid(walking(store)[0]))
            said = night.result()
        assert said.code == 1, said.err
        truth = json.loads(layout.truth.read_text(encoding="utf-8"))["cities"]
        assert {city["code"]: city["state"] for city in said.json()["cities"]} == {
            code: truth[code]["state"] for code in codes
        }
        with open_store(url, write=False) as store:
            attempts = walks.attempts_of(store, said.json()["run_id"])
            assert [each["trigger"] for each in reading.runs(store)] == ["nightly"]
    lost = {each["city_code"] for each in attempts if each["outcome"] is None}
    taken_over = {each["city_code"] for each in attempts if each["attempt"] > 1}
    assert lost
    assert taken_over == lost
    assert sorted(each["city_code"] for each in attempts if each["outcome"] == "published") == sorted(codes)
    states = {run["state_type"] for run in prefect.runs("city")}
    assert states == {"COMPLETED", "CRASHED"}, "nothing says running for ever"


def walking(store: Store) -> list[int]:
    """Return the processes that walk a city now."""
    under_way = sa.select(tables.walks.c.pid).where(tables.walks.c.ended_at.is_(None))
    with store.reading() as connection:
        return list(connection.scalars(under_way))


def started_by_automation(prefect: Prefect) -> list[dict[str, Any]]:
    runs = prefect.runs("watchdog")
    return [run for run in runs if (run["created_by"] or {}).get("type") == "AUTOMATION"]


def test_events_nobody_takes_cost_the_night_nothing(tmp_path: Path) -> None:
    script = (
        "from flows.events import _emit; from prefect.events import emit_event\n"
        "for code in range(21): _emit('citysync.city.in_sync', f'citysync.city.{code}', {'n': 1})\n"
        "_emit('citysync.city.in_sync', 'x', {'much': 'x' * 10_000_000})\n"
        "print('went on')"
    )
    env = {"PATH": os.environ["PATH"], "PREFECT_HOME": str(tmp_path), "PREFECT_API_URL": "http://127.0.0.1:9/api"}
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, env=env, cwd=ROOT, capture_output=True, text=True, check=False, timeout=120)  # noqa: S603
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "went on"), done.stderr
    assert "未能发出：EventTooLarge" in done.stderr
