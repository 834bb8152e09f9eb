"""The JSON API says what the command line says, with a fingerprint; its errors are problems, its pages whole."""

from __future__ import annotations

import json
import sqlite3
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from citysync.cli.main import app as command_line
from citysync.config.settings import Settings
from citysync.domain.principal import Principal, Role
from citysync.domain.verdict import State
from citysync.storage.catalogue import load_version, save_master
from citysync.storage.schema import open_store
from citysync.web.app import create_app
from tests.builders import a_master
from tests.web.province import LAST_DAY, NOW, a_province, run_id_of
from tests.web.test_policy import asking

MAOMING = Principal("茂名", Role.CITY, "440900")
SHENZHEN = ("深圳", "440300")


def printed(province: Settings, capsys: pytest.CaptureFixture[str], *typed: str) -> Any:
    """Return what a command prints as JSON about the stored province."""
    places = ("--data-dir", str(province.data_dir), "--cities-dir", str(province.cities_dir))
    command_line([*typed, "--json", *places], exit_on_error=False, result_action="return_value")
    return json.loads(capsys.readouterr().out)


@pytest.mark.parametrize(
    ("path", "typed"),
    [
        ("status", ("status",)),
        ("status?city=440900&city=440100", ("status", "440900", "440100")),
        ("cities/440900/findings", ("findings", "440900")),
        ("cities/440900/findings?severity=warning", ("findings", "440900", "--severity", "warning")),
        ("cities/440900/rejects", ("rejects", "440900")),
        ("figures?on=2026-11-23", ("figures", "--on", "2026-11-23")),
        (
            "figures?on=2026-11-23&by=county&since=2026-11-20",
            ("figures", "--on", "2026-11-23", "--by", "county", "--since", "2026-11-20"),
        ),
        ("master", ("master", "list")),
    ],
)
def test_it_says_what_the_command_line_says(
    province: Settings, pages: TestClient, capsys: pytest.CaptureFixture[str], path: str, typed: tuple[str, ...]
) -> None:
    assert pages.get(f"/api/v1/{path}").json() == printed(province, capsys, *typed)


def test_a_receipt_is_the_one_that_is_downloaded(pages: TestClient) -> None:
    assert pages.get("/api/v1/cities/440900/receipt").json() == pages.get("/c/440900/receipt.json").json()


def test_a_long_list_comes_in_pages_that_lead_on(pages: TestClient) -> None:
    whole = pages.get("/api/v1/cities/440900/findings").json()["findings"]
    first = pages.get("/api/v1/cities/440900/findings?limit=3&severity=error&severity=error")
    assert first.headers["X-Total-Count"] == "3"
    first = pages.get("/api/v1/cities/440900/findings?limit=3")
    assert (first.headers["X-Total-Count"], len(first.json()["findings"])) == ("4", 3)
    second = pages.get(first.links["next"]["url"])
    assert first.json()["findings"] + second.json()["findings"] == whole
    assert "next" not in second.links


@pytest.fixture(scope="module")
def masters(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Return the settings of a province whose master catalogue has 25 items, some of them for a few regions only."""
    folder = tmp_path_factory.mktemp("masters")
    a_province(folder, {"440900": (State.IN_SYNC,)})
    settings = Settings(data_dir=folder / "data", cities_dir=folder / "cities")
    regions: tuple[list[str], ...] = ([], ["440904", "440300"], ["440300"], ["440000"], ["340900"])
    items = a_master(
        *(
            {"catalog_code": f"4401060430{number:02}", "task_name": f"第{number}项", "applies_to": regions[number % 5]}
            for number in range(25)
        )
    ).items
    with open_store(settings.database, write=True) as store:
        since = LAST_DAY - timedelta(days=1)
        save_master(store, items, effective_on=since, changed=(), source="-", now=NOW, version="2", shrink_reason="x")
    return settings


def test_the_master_catalogue_comes_in_pages_that_lead_on(masters: Settings) -> None:
    client = asking(masters, Principal("省", Role.PROVINCE_READER))
    told, address = [], "/api/v1/master/items?limit=10"
    while address:
        answer = client.get(address)
        assert answer.headers["X-Total-Count"] == "25"
        told += answer.json()["items"]
        address = answer.links.get("next", {}).get("url", "")
    with open_store(masters.database, write=False) as store:
        assert told == json.loads(json.dumps(load_version(store, "2").items.to_dicts(), default=str))
    assert client.get("/api/v1/master/items?version=nobody").status_code == 404


def test_a_city_gets_the_items_that_apply_to_it_and_no_other_city_is_named(masters: Settings) -> None:
    answer = asking(masters, MAOMING).get("/api/v1/master/items?limit=8&offset=5")
    assert answer.headers["X-Total-Count"] == "15"
    items = answer.json()["items"]
    assert [item["task_name"] for item in items] == [f"第{number}项" for number in (8, 10, 11, 13, 15, 16, 18, 20)]
    assert {code for item in items for code in item["applies_to"]} == {"440904", "440000"}


def test_who_has_a_document_already_is_told_so(pages: TestClient) -> None:
    answer = pages.get("/api/v1/status")
    again = pages.get("/api/v1/status", headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert pages.get("/api/v1/status", headers={"If-None-Match": '"other"'}).status_code == 200


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("cities/999999/findings", 404),
        ("cities/440900/findings?run=nobody", 404),
        ("cities/440900/findings?limit=0", 400),
        ("figures?on=0001-01-01", 400),
        ("master/changes?since=/etc/passwd", 404),
        ("nowhere", 404),
    ],
)
def test_an_error_is_a_problem_in_words(pages: TestClient, path: str, status: int) -> None:
    answer = pages.get(f"/api/v1/{path}")
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    assert answer.json().keys() == {"type", "title", "status", "detail"}
    assert answer.json()["status"] == status


def test_a_city_pulls_its_own_alone(province: Settings) -> None:
    client = asking(province, MAOMING)
    assert [city["code"] for city in client.get("/api/v1/status").json()["cities"]] == ["440900"]
    assert client.get("/api/v1/figures?on=2026-11-23").json()["cities"]["asked"] == 1
    for path in ("status?city=440300", "cities/440300/findings", "cities/440300/receipt", "figures?city=440300"):
        assert client.get(f"/api/v1/{path}").status_code == 404, path
    for path in ("runs", f"runs/{run_id_of(8)}", "master/items"):
        assert [word for word in SHENZHEN if word in client.get(f"/api/v1/{path}").text] == [], path


def test_a_run_says_how_far_it_is(pages: TestClient) -> None:
    told = pages.get(f"/api/v1/runs/{run_id_of(8)}").json()
    assert (told["status"], told["summary"]["cities"]) == ("finished", 4)
    assert [each["run_id"] for each in pages.get("/api/v1/runs?limit=2").json()["runs"]] == [run_id_of(8), run_id_of(7)]


def test_a_run_says_what_it_cost_by_city_and_in_all(pages: TestClient) -> None:
    told = pages.get(f"/api/v1/runs/{run_id_of(8)}").json()
    cities = {each["code"]: each["effort"] for each in told["cities"]}
    assert told["effort"] == {
        "cities": 3,
        "requests": 36,
        "retries": 5,
        "wire_bytes": 5_000_000,
        "decoded_bytes": 22_000_000,
    }
    assert (cities["440300"]["requests"], cities["440300"]["retries"], cities["440300"]["wire_bytes"]) == (4, 3, 0)
    assert cities["440300"]["seconds"]["validate"] is None
    assert cities["440200"] is None, "nobody recorded it"
    assert pages.get(f"/api/v1/runs/{run_id_of(1)}").json()["effort"] is None


def test_it_is_described_without_any_other_host(pages: TestClient) -> None:
    described = pages.get("/api/v1/openapi.json").json()
    assert {"/api/v1/status", "/api/v1/master/changes"} <= described["paths"].keys()
    assert [path for path in described["paths"] if not path.startswith("/api/v1/")] == []
    assert pages.get("/docs").status_code == 404


def test_health_is_not_ok_where_the_program_cannot_read_the_ledger(tmp_path: Path) -> None:
    empty = Settings(data_dir=tmp_path / "none", cities_dir=tmp_path)
    client = TestClient(create_app(empty, lambda: NOW), base_url="http://127.0.0.1")
    assert client.get("/healthz").text == "ok: no ledger yet\n"
    settings = a_province(tmp_path, {"440900": (State.IN_SYNC,)})
    client = TestClient(create_app(settings, lambda: NOW), base_url="http://127.0.0.1")
    assert client.get("/healthz").text == "ok\n"
    with sqlite3.connect(settings.data_dir / "citysync.sqlite3") as ledger:
        ledger.execute("UPDATE citysync_schema SET version_num = '0001'")
    ledger.close()
    assert client.get("/healthz").status_code == 503
