"""The guard of the locked versions: a server starts, a cron deployment fires, a worker runs the night."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from citysync.simulator.province import build_province
from citysync.simulator.server import serve
from citysync.simulator.simulate import Layout, write_province
from citysync.storage import reading
from citysync.storage.schema import open_store
from tests.flows.servers import ROOT, Prefect, prefect_server, until
from tests.program import citysync

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
