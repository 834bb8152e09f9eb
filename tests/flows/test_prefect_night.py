"""The guard of the locked versions: a server starts, a cron deployment fires, a worker runs the night."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from citysync.simulator.province import build_province
from citysync.simulator.server import serve
from citysync.simulator.simulate import Layout, write_province
from tests.flows.servers import ROOT, Prefect, prefect_server, until
from tests.program import citysync

pytestmark = [pytest.mark.prefect, pytest.mark.xdist_group("prefect")]
TERMINAL = {"COMPLETED", "FAILED", "CRASHED", "CANCELLED"}


@pytest.fixture(scope="module")
def prefect(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prefect]:
    """Yield a server with the project's deployments on a process work pool, as ``prefect.yaml`` declares them."""
    with prefect_server(tmp_path_factory.mktemp("prefect")) as server:
        assert server.run("work-pool", "create", "citysync", "--type", "process").returncode == 0
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


@pytest.fixture(scope="module")
def night(prefect: Prefect, province: tuple[Path, Layout]) -> dict[str, Any]:
    """Run ``nightly`` as a deployment on a worker and return the flow run as it ended."""
    folder, _ = province
    steering = {
        "CITYSYNC_DATA_DIR": str(folder / "data"),
        "CITYSYNC_CITIES_DIR": str(folder / "cities"),
        "CITYSYNC_SECRETS_DIR": str(folder / "secrets"),
        "PREFECT_WORKER_QUERY_SECONDS": "2",
    }
    asked = prefect.run("deployment", "run", "nightly/nightly", "--param", 'business_date="2026-11-23"')
    assert asked.returncode == 0, asked.stdout + asked.stderr
    manual = {"flow_runs": {"tags": {"any_": ["citysync"]}, "expected_start_time": {"before_": "2100-01-01T00:00:00Z"}}}

    def ours() -> list[dict[str, Any]]:
        runs = prefect.post("flow_runs/filter", **manual)
        return [run for run in runs if "auto-scheduled" not in run["tags"]]

    with prefect.worker("citysync", **steering):
        until(lambda: bool(ours()) and ours()[0]["state_type"] in TERMINAL, 180)
    return ours()[0]


def test_a_cron_deployment_yields_scheduled_runs(prefect: Prefect) -> None:
    def scheduled() -> bool:
        count = prefect.post("flow_runs/count", flow_runs={"tags": {"all_": ["auto-scheduled"]}})
        return bool(count > 0)

    until(scheduled, 90)


def test_the_nightly_deployment_runs_one_at_a_time_at_half_past_one_in_shanghai(prefect: Prefect) -> None:
    deployments = {each["name"]: each for each in prefect.post("deployments/filter")}
    assert set(deployments) == {"nightly", "on-demand", "watchdog"}
    (schedule,) = deployments["nightly"]["schedules"]
    assert (schedule["schedule"]["cron"], schedule["schedule"]["timezone"]) == ("30 1 * * *", "Asia/Shanghai")
    limit = deployments["nightly"]["global_concurrency_limit"] or {}
    assert (limit.get("limit"), deployments["on-demand"]["schedules"]) == (1, [])


def test_the_night_is_completed_and_named_for_its_flagged_cities(night: dict[str, Any]) -> None:
    assert (night["state_type"], night["state_name"]) == ("COMPLETED", "Flagged")
    assert "/21" in night["state"]["message"]


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
