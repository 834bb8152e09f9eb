"""Tokens: who comes in, who does not, and what ends it."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from citysync.config.settings import Settings
from citysync.domain.principal import Principal, Role
from citysync.domain.verdict import State
from citysync.storage import audit, tokens
from citysync.storage.schema import open_store
from citysync.web.app import create_app
from citysync.web.sessions import KEY_FILE
from tests.web.province import NOW, a_province

MAOMING = Principal("茂名张三", Role.CITY, "440900")
ORIGIN = {"Origin": "http://pages.example"}


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    folder: Path = tmp_path_factory.mktemp("tokens")
    nights = {"440900": (State.OUT_OF_SYNC,), "440300": (State.IN_SYNC,)}
    made = a_province(folder, nights)
    return made.model_copy(update={"web_sign_in": "token"})


def issued(settings: Settings, *, days: int = 90) -> str:
    with open_store(settings.database, write=True) as store:
        return tokens.issue(store, MAOMING, NOW + timedelta(days=days), "root", NOW)


def a_client(settings: Settings, now: datetime = NOW) -> TestClient:
    return TestClient(create_app(settings, lambda: now), base_url="http://pages.example", follow_redirects=False)


def test_nobody_is_led_to_the_form_and_a_program_is_told(settings: Settings) -> None:
    answer = a_client(settings).get("/")
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")


def test_a_token_becomes_a_session_that_sees_its_own_city(settings: Settings) -> None:
    client = a_client(settings)
    entered = client.post("/sign-in", data={"token": issued(settings)}, headers=ORIGIN)
    assert entered.status_code == 303
    assert [word for word in ("HttpOnly", "SameSite=lax") if word not in entered.headers["set-cookie"]] == []
    assert "茂名市" in client.get("/").text
    assert client.get("/c/440300").status_code == 404
    client.post("/sign-out", headers=ORIGIN)
    assert client.get("/").status_code == 303


def test_a_program_sends_its_token_with_every_request(settings: Settings) -> None:
    bearer = {"Authorization": f"Bearer {issued(settings)}"}
    assert a_client(settings).get("/c/440900", headers=bearer).status_code == 200
    assert a_client(settings).get("/c/440900", headers={"Authorization": "Bearer guessed"}).status_code == 303


def test_what_is_over_revoked_or_forged_lets_nobody_in(settings: Settings) -> None:
    client = a_client(settings)
    short = issued(settings, days=1)
    assert client.post("/sign-in", data={"token": "citysync_guess"}, headers=ORIGIN).status_code == 401
    assert (
        a_client(settings, NOW + timedelta(days=2)).post("/sign-in", data={"token": short}, headers=ORIGIN).status_code
        == 401
    )
    client.post("/sign-in", data={"token": short}, headers=ORIGIN)
    session = client.cookies["session"]
    with open_store(settings.database, write=True) as store:
        tokens.revoke(store, tokens.listed(store)[0]["serial"], "root", NOW)
    assert client.get("/").status_code == 303, "a revoked token ends its sessions"
    assert client.get("/", headers={"Cookie": f"session={session[:-2]}"}).status_code == 303


def test_a_session_ends_after_eight_hours(settings: Settings) -> None:
    client = a_client(settings)
    client.post("/sign-in", data={"token": issued(settings)}, headers=ORIGIN)
    later = a_client(settings, NOW + timedelta(hours=8, seconds=1))
    assert later.get("/", headers={"Cookie": f"session={client.cookies['session']}"}).status_code == 303


def test_the_ledger_keeps_no_token_and_the_audit_says_who_gave_it(settings: Settings) -> None:
    text = issued(settings)
    with open_store(settings.database, write=False) as store:
        assert text not in str(tokens.listed(store))
        last = audit.entries(store, 1)[0]
        assert (last["who"], last["what"], audit.verify(store).broken) == ("root", "issue", ())
    assert (settings.data_dir / KEY_FILE).stat().st_mode & 0o077 == 0
    assert text.encode() not in (settings.data_dir / "citysync.sqlite3").read_bytes()
