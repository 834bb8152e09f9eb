"""Sessions: who sees which, what ends one, and that what was ended opens nothing any more."""

from __future__ import annotations

import base64
import json
import re
from datetime import timedelta
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from citysync.cli.main import run
from citysync.config.settings import Settings
from citysync.domain.principal import Principal, Role
from citysync.domain.verdict import State
from citysync.storage import audit, sessions, tokens
from citysync.storage.reading import Row
from citysync.storage.schema import open_store
from citysync.web.app import create_app
from tests.web.province import NOW, a_province

ORIGIN = {"Origin": "http://pages.example"}
ADMIN = Principal("李四", Role.PROVINCE_ADMIN)
MAOMING = Principal("茂名张三", Role.CITY, "440900")
SHENZHEN = Principal("深圳王五", Role.CITY, "440300")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    made = a_province(tmp_path, {"440900": (State.OUT_OF_SYNC,), "440300": (State.IN_SYNC,)})
    return made.model_copy(update={"web_sign_in": "token"})


def issued(settings: Settings, principal: Principal, *, hours: int = 90) -> str:
    with open_store(settings.database, write=True) as store:
        return tokens.issue(store, principal, NOW + timedelta(hours=hours), "root", NOW)


def signed_in(settings: Settings, token: str, peer: str = "10.1.2.3") -> TestClient:
    app = create_app(settings, lambda: NOW)
    client = TestClient(app, base_url="http://pages.example", follow_redirects=False, client=(peer, 50000))
    assert client.post("/sign-in", data={"token": token}, headers=ORIGIN).status_code == 303
    return client


def secret(client: TestClient) -> str:
    found = re.search(r'name="csrf" value="([0-9a-f]+)"', client.get("/sessions").text)
    assert found is not None
    return found[1]


def send(client: TestClient, path: str) -> int:
    return client.post(path, data={"csrf": secret(client)}, headers=ORIGIN).status_code


def known(settings: Settings) -> list[Row]:
    with open_store(settings.database, write=False) as store:
        assert audit.verify(store).broken == ()
        return sessions.listed(store, NOW)


def entered(client: TestClient) -> bool:
    return client.get("/figures").status_code == 200


def test_the_province_sees_who_is_signed_in_since_when_and_coarsely_from_where(settings: Settings) -> None:
    signed_in(settings, issued(settings, MAOMING))
    html = signed_in(settings, issued(settings, ADMIN), "2001:db8:1:2::3").get("/sessions").text
    for told in ("茂名张三", "市级（本市）", "440900", "10.1.2.0/24", "11月23日 08:30", "2001:db8:1::/48", "本次"):
        assert told in html, told
    assert "10.1.2.3" not in html
    assert "2001:db8:1:2" not in html


def test_somebody_else_sees_their_own_sessions_alone(settings: Settings) -> None:
    token = issued(settings, MAOMING)
    city, _ = signed_in(settings, token), signed_in(settings, token, "10.9.9.9")
    signed_in(settings, issued(settings, SHENZHEN))
    html = city.get("/sessions").text
    assert html.count('<th scope="row">') == 2
    assert "深圳王五" not in html


def test_one_session_is_ended_and_the_others_go_on(settings: Settings) -> None:
    token = issued(settings, MAOMING)
    here, lost = signed_in(settings, token), signed_in(settings, token, "10.9.9.9")
    admin = signed_in(settings, issued(settings, ADMIN))
    serial = next(row["serial"] for row in known(settings) if row["network"] == "10.9.9.0/24")
    assert send(admin, f"/sessions/{serial}") == 303
    assert [entered(client) for client in (here, lost, admin)] == [True, False, True]
    with open_store(settings.database, write=False) as store:
        entry = audit.entries(store, 1)[0]
    assert (entry["who"], entry["what"], entry["object"]) == ("李四", "end", f"session:{serial}")
    assert (entry["before"]["name"], entry["before"]["network"]) == ("茂名张三", "10.9.9.0/24")
    assert send(admin, f"/sessions/{serial}") == 404, "it is over already"


def test_nobody_ends_somebody_elses_session(settings: Settings) -> None:
    city = signed_in(settings, issued(settings, MAOMING))
    other = signed_in(settings, issued(settings, SHENZHEN))
    serial = next(row["serial"] for row in known(settings) if row["name"] == "深圳王五")
    assert send(city, f"/sessions/{serial}") == 404
    assert entered(other)


def test_one_signs_out_everywhere_and_others_stay(settings: Settings) -> None:
    token = issued(settings, MAOMING)
    here, elsewhere = signed_in(settings, token), signed_in(settings, token, "10.9.9.9")
    other = signed_in(settings, issued(settings, SHENZHEN))
    assert send(here, "/sign-out/everywhere") == 303
    assert [entered(client) for client in (here, elsewhere, other)] == [False, False, True]
    assert entered(signed_in(settings, token)), "the token itself goes on"
    with open_store(settings.database, write=False) as store:
        assert [entry["what"] for entry in audit.entries(store, 2)] == ["end", "end"]


def test_a_copy_of_the_cookie_opens_nothing_after_signing_out(settings: Settings) -> None:
    client = signed_in(settings, issued(settings, MAOMING))
    copied = {"Cookie": f"session={client.cookies['session']}"}
    assert client.get("/figures", headers=copied).status_code == 200
    client.post("/sign-out", headers=ORIGIN)
    assert client.get("/figures", headers=copied).status_code == 303


def test_a_revoked_token_leaves_no_session_in_the_list_and_no_session_outlives_it(settings: Settings) -> None:
    signed_in(settings, issued(settings, MAOMING, hours=1))
    (row,) = known(settings)
    assert row["until"] == (NOW + timedelta(hours=1)).isoformat()
    with open_store(settings.database, write=True) as store:
        tokens.revoke(store, row["token_serial"], "root", NOW)
    assert known(settings) == []


def test_the_ledger_keeps_no_cookie_and_forgets_after_half_a_year(settings: Settings) -> None:
    client = signed_in(settings, issued(settings, MAOMING))
    told = client.cookies["session"].partition(".")[0]
    key = json.loads(base64.urlsafe_b64decode(told + "=" * (-len(told) % 4)))
    assert len(key) == 32
    assert key.encode() not in (settings.data_dir / "citysync.sqlite3").read_bytes()
    later = NOW + timedelta(days=200)
    with open_store(settings.database, write=True) as store:
        sessions.begin(store, sessions.Begun("oidc:1", ADMIN, "10.0.0.0/24"), later + timedelta(hours=8), later)
        assert [row["subject"] for row in sessions.listed(store, NOW)] == ["oidc:1"]


def test_where_nobody_signs_in_there_is_nothing_to_end(settings: Settings) -> None:
    app = create_app(settings.model_copy(update={"web_sign_in": "none"}), lambda: NOW)
    assert "没有可列的会话" in TestClient(app, base_url="http://127.0.0.1").get("/sessions").text


def test_the_operator_lists_and_ends_sessions(
    settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("citysync.cli.sessions.now", lambda: NOW)
    client = signed_in(settings, issued(settings, MAOMING))
    places = ["--data-dir", str(tmp_path / "data"), "--cities-dir", str(tmp_path / "cities")]
    assert run(["sessions", "list", *places]) == 0
    assert "茂名张三" in capsys.readouterr().out
    (row,) = known(settings)
    assert run(["sessions", "end", str(row["serial"]), *places]) == 0
    assert not entered(client)
    assert run(["sessions", "end", str(row["serial"]), *places]) == 2
