"""A seeded province whose differences are known: the set of findings equals the truth exactly."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from citysync.simulator.province import Differences, Province, build_province, shuffled
from citysync.simulator.server import serve
from citysync.simulator.simulate import Layout, write_province
from citysync.simulator.truth import FINDING_KEYS, REJECTION_KEYS
from citysync.storage import reading
from citysync.storage.engine import Store
from citysync.storage.schema import open_store
from tests.program import Said, citysync
from tests.servers import mariadb_url, postgresql_url

SEEDS = (1, 2, 3, 4, 5)
ITEMS = 200
SQL_CITIES = ("441700", "445300")


@contextmanager
def a_province(
    folder: Path, province: Province, sql_urls: dict[str, str] | None = None
) -> Iterator[tuple[Layout, dict[str, str]]]:
    """Yield a served province with its master imported, and the environment ``citysync`` needs to reach it."""
    with serve(province) as server:
        layout = write_province(province, folder, server.base_url, sql_urls=sql_urls)
        layout.write_secrets(folder / "secrets")
        imported = citysync("master", "import", layout.master, "--effective", "2026-11-01", folder=folder)
        assert imported.code == 0, imported.err
        yield layout, {"CITYSYNC_SECRETS_DIR": str(folder / "secrets")}


def a_night(folder: Path, env: dict[str, str]) -> Said:
    said = citysync("sync", "--json", "--business-date", "2026-11-23", folder=folder, env=env)
    assert said.code in {0, 1}, said.err
    return said


def told(folder: Path, night: Said) -> dict[str, Any]:
    """Return what was said of each city, in the shape of the truth."""
    document = night.json()
    with open_store(f"sqlite:///{folder / 'data' / 'citysync.sqlite3'}", write=False) as store:
        return {city["code"]: _told(store, document["run_id"], city) for city in document["cities"]}


def _told(store: Store, run_id: str, city: dict[str, Any]) -> dict[str, Any]:
    findings = reading.findings(store, city["code"], run_id=run_id).rows
    rejections = reading.rejections(store, city["code"], run_id=run_id).rows
    return {
        "state": city["state"],
        "counts": {name: count for name, count in city["counts"].items() if name != "findings"},
        "findings": sorted(([row[key] for key in FINDING_KEYS] for row in findings), key=str),
        "rejections": sorted(([row[key] for key in REJECTION_KEYS] for row in rejections), key=str),
    }


def truth_of(layout: Layout, state: str = "state") -> dict[str, Any]:
    """Return the truth of the first night, or of the second (``settled``): absences are confirmed by then."""
    cities = json.loads(layout.truth.read_text(encoding="utf-8"))["cities"]
    return {code: _truth(city, state) for code, city in cities.items()}


def _truth(city: dict[str, Any], state: str) -> dict[str, Any]:
    return {
        "state": city[state],
        "counts": {name: count for name, count in city["counts"].items() if name != "findings"},
        "findings": sorted(([row[key] for key in FINDING_KEYS] for row in city["findings"]), key=str),
        "rejections": sorted(([row[key] for key in REJECTION_KEYS] for row in city["rejections"]), key=str),
    }


@pytest.mark.parametrize("seed", SEEDS)
def test_findings_equal_the_truth_and_order_and_repetition_change_nothing(tmp_path: Path, seed: int) -> None:
    province = build_province(seed, ITEMS, differences="all")
    with a_province(tmp_path / "first", province) as (layout, env):
        first = told(tmp_path / "first", a_night(tmp_path / "first", env))
        assert first == truth_of(layout)
        assert told(tmp_path / "first", a_night(tmp_path / "first", env)) == truth_of(layout, "settled")
    with a_province(tmp_path / "shuffled", shuffled(province, seed + 100)) as (_, env):
        assert told(tmp_path / "shuffled", a_night(tmp_path / "shuffled", env)) == first


@pytest.mark.parametrize("differences", ["none", "demo"])
def test_states_equal_the_truth(tmp_path: Path, differences: Differences) -> None:
    with a_province(tmp_path, build_province(7, ITEMS, differences=differences)) as (layout, env):
        assert told(tmp_path, a_night(tmp_path, env)) == truth_of(layout)


@pytest.mark.postgresql
@pytest.mark.mariadb
def test_front_end_databases_on_postgresql_and_mariadb_tell_the_same(tmp_path: Path) -> None:
    province = build_province(8, ITEMS, cities=SQL_CITIES, differences="all")
    with postgresql_url() as first, mariadb_url() as second:
        sql_urls = dict(zip(SQL_CITIES, (first, second), strict=True))
        with a_province(tmp_path, province, sql_urls) as (layout, env):
            assert told(tmp_path, a_night(tmp_path, env)) == truth_of(layout)


@pytest.mark.postgresql
def test_a_ledger_on_postgresql_tells_the_same_as_on_sqlite(tmp_path: Path) -> None:
    with postgresql_url() as url, serve(province := build_province(9, ITEMS, differences="demo")) as server:
        layout = write_province(province, tmp_path, server.base_url)
        layout.write_secrets(tmp_path / "secrets")
        env = {"CITYSYNC_SECRETS_DIR": str(tmp_path / "secrets"), "CITYSYNC_DATABASE_URL": url}
        imported = citysync("master", "import", layout.master, "--effective", "2026-11-01", folder=tmp_path, env=env)
        assert imported.code == 0, imported.err
        night = a_night(tmp_path, env)
        states = {city["code"]: city["state"] for city in night.json()["cities"]}
        assert states == {code: city["state"] for code, city in truth_of(layout).items()}
        findings = citysync("findings", "440300", "--json", folder=tmp_path, env=env).json()["findings"]
        assert (
            sorted(([row[key] for key in FINDING_KEYS] for row in findings), key=str)
            == (truth_of(layout)["440300"]["findings"])
        )
