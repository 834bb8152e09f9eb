"""What citizens look up: only what they may read, only what is in force, and their word in return."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from citysync.config.settings import Settings
from citysync.domain.errors import ConfigError
from citysync.domain.principal import NOBODY, Principal, Role
from citysync.domain.verdict import State
from citysync.web.app import create_app
from schemas.validate import validate
from tests.builders import CATALOG_CODE
from tests.web.province import NOW, a_province
from tests.web.test_policy import As, asking

ITEM = f"/public/items/{CATALOG_CODE}"
ORIGIN = {"Origin": "http://127.0.0.1"}


@pytest.fixture(scope="module")
def citizen(province: Settings) -> TestClient:
    return asking(province, NOBODY)


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Return a province that is written to."""
    folder: Path = tmp_path_factory.mktemp("feedback")
    return a_province(folder)


@pytest.fixture
def sender(own: Settings) -> Iterator[TestClient]:
    app = create_app(own, lambda: NOW, As(NOBODY))
    with TestClient(app, base_url="http://127.0.0.1", headers=ORIGIN, follow_redirects=False) as client:
        yield client


def row(html: str, city: str) -> str:
    return next(part.partition("</tr>")[0] for part in html.split("<tr>") if city in part)


def test_a_citizen_finds_an_item_by_any_of_its_words(citizen: TestClient) -> None:
    assert ITEM in citizen.get("/public", params={"q": "卫生 公共"}).text
    assert "没有找到" in citizen.get("/public", params={"q": "量子"}).text
    assert ITEM in citizen.get("/public/list/1").text
    assert citizen.get("/public/list/2").status_code == 404


def test_per_city_the_visits_the_days_and_when_updated(citizen: TestClient) -> None:
    html = citizen.get(ITEM).text
    assert "不用到现场" in row(html, "广州市")
    assert "10 个工作日" in row(html, "广州市")
    assert "5 次" in row(html, "茂名市")
    assert "超过上限 3 次" in row(html, "茂名市"), "in words, not by colour alone"
    assert "未填写" in row(html, "深圳市")
    assert "11月21日" in row(html, "深圳市"), "the snapshot in force, not last night's failure"


def test_a_city_without_a_snapshot_has_no_data_and_no_zero(tmp_path: Path) -> None:
    settings = a_province(tmp_path, {"440900": (State.NOT_SYNCED,), "440100": (State.IN_SYNC,)})
    cell = row(asking(settings, NOBODY).get(ITEM).text, "茂名市")
    assert cell.count("暂无数据") == 2
    assert "0" not in cell
    assert "1/4" in asking(settings, NOBODY).get(ITEM).text


@pytest.fixture
def readers(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the names of the threads that validate a snapshot for the public, in the order they do."""
    seen: list[str] = []

    def noted(*asked: Any) -> Any:
        seen.append(threading.current_thread().name)
        return validate(*asked)

    monkeypatch.setattr("flows.public.validate", noted)
    return seen


def a_new_file(settings: Settings) -> None:
    """Let every city be read anew, as after a night."""
    path = settings.cities_dir / "440900.toml"
    path.write_text(path.read_text(encoding="utf-8") + "\n# again\n", encoding="utf-8")


def test_no_request_ever_reads_a_night(tmp_path: Path, readers: list[str]) -> None:
    own, moments = a_province(tmp_path), [NOW]
    app = create_app(own, lambda: moments[-1], As(NOBODY))
    with TestClient(app, base_url="http://127.0.0.1") as client:
        before = client.get(ITEM)
        first = len(readers)
        a_new_file(own)
        moments.append(NOW + timedelta(hours=9))  # nobody asked for long: what is held is old
        again = client.get(ITEM)
        assert (again.status_code, again.headers["etag"]) == (200, before.headers["etag"])
        assert len(readers) == first, "a request reads nothing, however old what is held is"
        app.state.public.refresh()  # what the thread does each minute
        assert len(readers) == 2 * first > 0
        assert client.get(ITEM).headers["cache-control"] == "public, max-age=300"
    assert {name for name in readers if name not in {"public", "MainThread"}} == set()


def test_without_a_server_whoever_asks_has_it_read(tmp_path: Path, readers: list[str]) -> None:
    client = asking(a_province(tmp_path), NOBODY)  # its lifespan is never begun, like the static site's
    assert client.get(ITEM).status_code == 200
    assert {"public", "MainThread"} & set(readers) == set()
    assert readers != []


def test_a_night_that_cannot_be_read_leaves_what_was_published(tmp_path: Path) -> None:
    own = a_province(tmp_path)
    with TestClient(create_app(own, lambda: NOW, As(NOBODY)), base_url="http://127.0.0.1") as client:
        before = client.get(ITEM).text
        (own.cities_dir / "440900.toml").write_text("name = ", encoding="utf-8")
        with pytest.raises(ConfigError):
            client.app.state.public.refresh()  # type: ignore[attr-defined]
        assert client.get(ITEM).text == before


def test_before_there_is_a_ledger_the_public_is_told_so(tmp_path: Path) -> None:
    own = Settings(data_dir=tmp_path / "none", cities_dir=a_province(tmp_path).cities_dir)
    with TestClient(create_app(own, lambda: NOW, As(NOBODY)), base_url="http://127.0.0.1") as client:
        assert client.get(ITEM).status_code == 503


def test_a_snapshot_that_is_lost_is_no_data_either(tmp_path: Path) -> None:
    settings = a_province(tmp_path)
    for path in (settings.data_dir / "snapshots" / "440900").glob("*.parquet"):
        path.write_bytes(b"torn")
    html = asking(settings, NOBODY).get(ITEM).text
    assert "暂无数据" in row(html, "茂名市")
    assert "10 个工作日" in row(html, "广州市")


def test_nothing_but_what_citizens_may_read_is_on_it(citizen: TestClient) -> None:
    html = citizen.get(ITEM).text + citizen.get("/public?q=卫生").text + citizen.get("/public/list/1").text
    inside = ("卫生健康委员会", "12345", "city.example", "11440300007542098E", "失步", "未同步", "htmx", "/c/", "/r/")
    assert [word for word in inside if word in html] == []


def test_any_cache_may_keep_it(citizen: TestClient) -> None:
    first = citizen.get(ITEM)
    assert first.headers["cache-control"] == "public, max-age=300"
    again = citizen.get(ITEM, headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    other = citizen.get(ITEM + "?lang=en", headers={"Cookie": "lang=zh"})
    assert '<html lang="en">' in other.text
    assert "set-cookie" not in other.headers
    assert other.headers["etag"] != first.headers["etag"]


def test_a_signal_is_shown_to_nobody_until_the_province_accepts_it(own: Settings, sender: TestClient) -> None:
    told = {"city": "440900", "visits": "6", "text": "<script>alert(1)</script>"}
    sent = sender.post(f"{ITEM}/feedback", data=told)
    assert (sent.status_code, sent.headers["location"]) == (303, f"{ITEM}?sent=1")
    assert "alert" not in sender.get(ITEM).text
    admin = asking(own, Principal("root", Role.PROVINCE_ADMIN))
    html = admin.get("/moderation").text
    csrf = re.findall(r'name="csrf" value="([0-9a-f]+)"', html)[0]
    assert "&lt;script&gt;alert(1)" in html
    assert "<script>alert" not in html
    city = asking(own, Principal("茂名", Role.CITY, "440900"))
    assert "群众反映多跑" not in city.get("/c/440900").text
    assert admin.post("/moderation/1", data={"csrf": csrf, "verdict": "accepted"}, headers=ORIGIN).status_code == 200
    html = city.get("/c/440900").text
    assert "群众反映多跑 1" in html
    assert "alert(1)" not in html
    assert admin.post("/moderation/1", data={"csrf": csrf, "verdict": "dismissed"}, headers=ORIGIN).status_code == 404


def test_a_trap_that_nobody_sees_catches_programs(own: Settings, sender: TestClient) -> None:
    told = {"city": "440100", "visits": "2", "website": "http://spam.example"}
    assert sender.post(f"{ITEM}/feedback", data=told).status_code == 303
    assert "广州市" not in asking(own, Principal("root", Role.PROVINCE_ADMIN)).get("/moderation").text


@pytest.mark.parametrize(
    "wrong", [{"visits": "0"}, {"visits": "99"}, {"text": "长" * 501}, {"city": "110000"}, {"visits": "many"}]
)
def test_what_no_citizen_would_send_is_refused(sender: TestClient, wrong: dict[str, str]) -> None:
    told = {"city": "440900", "visits": "4", "text": "", **wrong}
    assert sender.post(f"{ITEM}/feedback", data=told).status_code in {400, 404}
    assert sender.post("/public/items/nothing/feedback", data=told).status_code in {400, 404}


def test_one_address_is_heard_five_times_an_hour(tmp_path: Path) -> None:
    client = asking(a_province(tmp_path), NOBODY)
    told = {"city": "440900", "visits": "4"}
    sent = [
        client.post(f"{ITEM}/feedback", data=told, headers=ORIGIN, follow_redirects=False).status_code for _ in range(6)
    ]
    assert sent == [303] * 5 + [429]
    assert client.post(f"{ITEM}/feedback", data=told, headers={"Origin": "http://evil.example"}).status_code == 403
