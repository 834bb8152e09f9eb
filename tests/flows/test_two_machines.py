"""Workers on two machines share a night on one PostgreSQL server; one loses its power in the middle of it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

import pytest
import sqlalchemy as sa

from citysync.simulator.plan import CITY_CODES
from citysync.simulator.province import build_province
from citysync.simulator.server import serve
from citysync.simulator.simulate import Layout, write_province
from citysync.storage import tables, walks
from citysync.storage.engine import Store
from citysync.storage.schema import open_store
from tests.flows.servers import ROOT, Prefect, prefect_server, until
from tests.program import citysync
from tests.servers import postgresql_url

pytestmark = [pytest.mark.prefect, pytest.mark.postgresql]
DAY = "2026-11-23"
CONTROL, CITIES = "citysync", "citysync-cities"


@dataclass(frozen=True)
class Shared:
    """A night that was shared: who walked what, what was published, and what the orchestrator says of it."""

    attempts: list[dict[str, Any]]
    verdicts: dict[str, dict[str, Any]]
    alone: dict[str, dict[str, Any]]
    truth: dict[str, Any]
    published: list[str]
    flow_runs: list[dict[str, Any]]
    night: dict[str, Any]
    seconds: float

    @property
    def figures(self) -> str:
        ended = Counter(f"{each['host']} {each['outcome']}" for each in self.attempts)
        again = sorted({each["city_code"] for each in self.attempts if each["attempt"] > 1})
        return f"{self.seconds:.0f} s, {dict(ended)}, taken over: {again}"


def _can_be_alone() -> bool:
    asked = subprocess.run(["unshare", "--pid", "--uts", "--fork", "true"], capture_output=True, check=False)  # noqa: S607
    return asked.returncode == 0


def _same(document: Any) -> dict[str, dict[str, Any]]:
    """Return what must not depend on who walked a city: all but the run's id and the moments."""
    return {
        city["code"]: {key: city[key] for key in ("state", "grade", "axes", "counts", "reasons")}
        for city in document["cities"]
    }


@contextmanager
def _deployed(folder: Path) -> Iterator[Prefect]:
    with postgresql_url() as url:
        asynchronous = url.replace("+psycopg", "+asyncpg")
        with prefect_server(folder, PREFECT_SERVER_DATABASE_CONNECTION_URL=asynchronous) as server:
            for pool in (CONTROL, CITIES):
                assert server.run("work-pool", "create", pool, "--type", "process").returncode == 0
            server.env["CITYSYNC_HOME"] = str(ROOT)
            deployed = server.run("deploy", "--all")
            assert deployed.returncode == 0, deployed.stdout + deployed.stderr
            yield server


def _night_of(server: Prefect) -> dict[str, Any]:
    (night,) = server.post("flow_runs/filter", flow_runs={"name": {"any_": ["nightly"]}, "tags": {"all_": ["asked"]}})
    return dict(night)


def _walking(store: Store, host: str) -> bool:
    under_way = sa.select(tables.walks.c.city_code).where(
        tables.walks.c.host == host, tables.walks.c.ended_at.is_(None)
    )
    with store.reading() as connection:
        return connection.scalar(under_way) is not None


def _shared(server: Prefect, store: Store, env: dict[str, str], published_before: int) -> float:
    """Let two machines walk the night; take the power of the first while it walks, once so many are published."""

    def ready() -> bool:
        with store.reading() as connection:
            done = connection.scalar(sa.select(sa.func.count()).select_from(tables.verdicts)) or 0
        return done >= published_before and _walking(store, "machine-a")

    asked = server.run("deployment", "run", "nightly/nightly", "--param", f'business_date="{DAY}"', "--tag", "asked")
    assert asked.returncode == 0, asked.stdout + asked.stderr
    started = perf_counter()
    with (
        server.machine("leader", CONTROL, **env),
        server.machine("machine-b", CITIES, **env),
        server.machine("machine-a", CITIES, **env) as lost,
    ):
        until(ready, 200)
        os.kill(lost.pid, signal.SIGKILL)
        until(lambda: _night_of(server)["state_type"] in {"COMPLETED", "FAILED", "CRASHED"}, 400)
    return perf_counter() - started


def _a_night(folder: Path, codes: Sequence[str], published_before: int) -> Shared:
    if not _can_be_alone():
        pytest.skip("this user may not make process namespaces: unshare --pid --uts")
    province = build_province(11, 60, cities=codes, differences="demo")
    with postgresql_url() as url, serve(province) as sources, _deployed(folder / "prefect") as server:
        layout = write_province(province, folder, sources.base_url)
        layout.write_secrets(folder / "secrets")
        env = {"CITYSYNC_SECRETS_DIR": str(folder / "secrets")}
        alone = _alone(folder, layout, env)
        env |= {"CITYSYNC_DATABASE_URL": url, "CITYSYNC_FAN_OUT": "pool", "PREFECT_WORKER_QUERY_SECONDS": "2"}
        env |= {"CITYSYNC_DATA_DIR": str(folder / "shared"), "CITYSYNC_CITIES_DIR": str(folder / "cities")}
        imported = citysync("master", "import", layout.master, "--effective", "2026-11-01", folder=folder, env=env)
        assert imported.code == 0, imported.err
        with open_store(url, write=True) as store:
            seconds = _shared(server, store, env, published_before)
            return _seen(server, store, folder, layout, env, alone, seconds)


def _alone(folder: Path, layout: Layout, env: dict[str, str]) -> dict[str, dict[str, Any]]:
    imported = citysync("master", "import", layout.master, "--effective", "2026-11-01", folder=folder, env=env)
    assert imported.code == 0, imported.err
    night = citysync("sync", "--json", "--business-date", DAY, folder=folder, env=env)
    assert night.code in {0, 1}, night.err
    return _same(night.json())


def _seen(
    server: Prefect,
    store: Store,
    folder: Path,
    layout: Layout,
    env: dict[str, str],
    alone: dict[str, dict[str, Any]],
    seconds: float,
) -> Shared:
    with store.reading() as connection:
        run_id = str(connection.scalar(sa.select(tables.runs.c.run_id)))
        published = list(connection.scalars(sa.select(tables.outbox.c.city_code)))
    tag = {"tags": {"all_": [f"run:{run_id}"]}}
    return Shared(
        attempts=walks.attempts_of(store, run_id),
        verdicts=_same(citysync("status", "--json", folder=folder, env=env).json()),
        alone=alone,
        truth=json.loads(layout.truth.read_text(encoding="utf-8"))["cities"],
        published=published,
        flow_runs=server.post("flow_runs/filter", flow_runs=tag, limit=200),
        night=_night_of(server),
        seconds=seconds,
    )


def _holds(shared: Shared, codes: Sequence[str]) -> None:
    assert (shared.night["state_type"], shared.night["state_name"]) == ("COMPLETED", "Flagged")
    assert {code: verdict["state"] for code, verdict in shared.verdicts.items()} == {
        code: city["state"] for code, city in shared.truth.items()
    }
    assert shared.verdicts == shared.alone, "the same verdicts as on one process"
    assert sorted(shared.published) == sorted(codes), "each city published once"
    ended = [each for each in shared.attempts if each["outcome"] == "published"]
    lost = [each for each in shared.attempts if each["outcome"] is None]
    assert len(lost) >= 1
    assert {each["host"] for each in lost} == {"machine-a"}
    assert {each["host"] for each in ended} <= {"machine-a", "machine-b"}
    hanging = [run["state_type"] for run in shared.flow_runs if run["state_type"] in {"RUNNING", "PENDING"}]
    assert hanging == [], "nothing says running for ever"
    print(shared.figures)  # noqa: T201 - pytest -s shows it; docs/prefect.md has it


@pytest.mark.campaign
@pytest.mark.timeout(900)
@pytest.mark.skipif("CITYSYNC_CAMPAIGN" not in os.environ, reason="whole only under make campaign")
def test_two_machines_share_a_night_of_21_cities_and_one_loses_its_power(tmp_path: Path) -> None:
    _holds(_a_night(tmp_path, CITY_CODES, 6), CITY_CODES)
