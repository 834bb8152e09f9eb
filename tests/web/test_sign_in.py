"""Coming in by a proxy's word or a provider's: who is believed, who is not, and how often one may try."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import httpx
import pytest
from fastapi.testclient import TestClient

from citysync.config.settings import Settings
from citysync.domain.errors import ConfigError
from citysync.domain.principal import NOBODY, Principal, Role
from citysync.domain.verdict import State
from citysync.storage import audit, sessions, tokens
from citysync.storage.attempts import MOST, WITHIN
from citysync.storage.schema import open_store
from citysync.web.app import create_app
from citysync.web.attempts import Attempts
from citysync.web.language import day_of
from citysync.web.reading.reader import Library
from citysync.web.sign_in import principal_of
from tests.web.browser import served
from tests.web.provider import CLIENT, Provider
from tests.web.province import NOW, a_province

PEERS = count(10)
ORIGIN = {"Origin": "http://pages.example"}
ZHANG = {"sub": "42", "preferred_username": "zhang3", "citysync_role": "city", "citysync_city": "440900"}


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    folder: Path = tmp_path_factory.mktemp("sign_in")
    return a_province(folder, {"440900": (State.OUT_OF_SYNC,), "440300": (State.IN_SYNC,)})


def a_client(settings: Settings, peer: str = "10.0.0.1", **changed: Any) -> TestClient:
    app = create_app(settings.model_copy(update=changed), lambda: NOW)
    return TestClient(app, base_url="http://pages.example", follow_redirects=False, client=(peer, 50000))


def headers(name: str = "张三", role: str = "city", city: str = "440900") -> dict[str, str]:
    return {"X-Citysync-User": quote(name), "X-Citysync-Role": role, "X-Citysync-City": city}


BY_HEADER = {"web_sign_in": "header", "web_proxies": "10.0.0.0/30, 127.0.0.1"}


def test_a_listed_proxy_says_who_asks(stored: Settings) -> None:
    client = a_client(stored, **BY_HEADER)
    assert "张三 · 市级（本市）" in client.get("/", headers=headers()).text
    assert client.get("/c/440300", headers=headers()).status_code == 404
    assert client.get("/c/440300", headers=headers("李四", "province_reader", "")).status_code == 200


def test_nobody_else_is_believed(stored: Settings) -> None:
    assert a_client(stored, "10.0.0.9", **BY_HEADER).get("/", headers=headers()).status_code == 303
    client = a_client(stored, **BY_HEADER)
    assert client.get("/").status_code == 303
    twice = [*headers().items(), ("X-Citysync-Role", "province_admin")]
    assert client.get("/", headers=httpx.Headers(twice)).status_code == 303, "somebody speaks beside the proxy"
    forwarded = {**headers(), "X-Forwarded-For": "10.0.0.1"}
    assert a_client(stored, "10.0.0.9", **BY_HEADER).get("/", headers=forwarded).status_code == 303
    assert "请从统一门户进入" in client.get("/sign-in").text


@pytest.mark.parametrize(
    ("said", "is_somebody"),
    [
        (("a", "province_admin", ""), True),
        (("a", "city", "440900"), True),
        (("", "province_admin", ""), False),
        (("a", "city", ""), False),
        (("a", "province_admin", "440900"), False),
        (("a", "public", ""), False),
        (("a", "root", ""), False),
    ],
)
def test_an_identity_that_does_not_add_up_is_nobodys(said: tuple[str, str, str], is_somebody: bool) -> None:  # noqa: FBT001 — the expectation
    assert (principal_of(*said) is not NOBODY) is is_somebody
    assert principal_of("a", "city", "440900") == Principal("a", Role.CITY, "440900")


@pytest.mark.parametrize("way", ["header", "oidc"])
def test_a_way_that_lacks_something_is_refused(stored: Settings, way: str) -> None:
    with pytest.raises(ConfigError, match=f"CITYSYNC_WEB_SIGN_IN={way}"):
        a_client(stored, web_sign_in=way)


def test_a_secret_that_is_there_but_cannot_be_used_stops_the_start(stored: Settings, tmp_path: Path) -> None:
    kept = tmp_path / "CITYSYNC_SECRET_WEB_OIDC"
    by = {"web_sign_in": "oidc", "web_oidc_issuer": "http://127.0.0.1:1", "web_oidc_client": CLIENT}
    a_client(stored, secrets_dir=tmp_path, **by)  # none set: PKCE alone
    kept.write_text("s3cret", encoding="utf-8")
    kept.chmod(0o644)
    with pytest.raises(ConfigError, match="chmod 600"):
        a_client(stored, secrets_dir=tmp_path, **by)
    kept.unlink()
    kept.symlink_to(tmp_path / "gone")
    with pytest.raises(ConfigError, match="无法读取"):
        a_client(stored, secrets_dir=tmp_path, **by)


@pytest.fixture(scope="module")
def provider() -> Iterator[tuple[Provider, str]]:
    made = Provider(ZHANG)
    with served(made.app()) as address:
        yield made, address


@pytest.fixture
def by_oidc(stored: Settings, provider: tuple[Provider, str]) -> Iterator[TestClient]:
    made, issuer = provider
    made.person, made.spoil, made.forged = ZHANG, {}, False
    peer = f"10.0.0.{next(PEERS)}"  # failures are counted in the ledger all these tests share
    with a_client(stored, peer, web_sign_in="oidc", web_oidc_issuer=issuer, web_oidc_client=CLIENT) as client:
        yield client


def come_back(client: TestClient) -> Any:
    """Go to the provider and come back with what it says."""
    there = client.get("/sign-in/provider").headers["location"]
    back = httpx.get(there, trust_env=False).headers["location"]
    assert back.startswith("http://pages.example/sign-in/back?")
    return client.get(f"/sign-in/back?{urlsplit(back).query}")


def test_a_provider_signs_somebody_in_for_their_own_city(by_oidc: TestClient) -> None:
    assert "/sign-in/provider" in by_oidc.get("/sign-in").text
    entered = come_back(by_oidc)
    assert (entered.status_code, entered.headers["location"]) == (303, "/")
    assert "zhang3 · 市级（本市）" in by_oidc.get("/").text
    assert by_oidc.get("/c/440300").status_code == 404
    before = by_oidc.cookies["session"]
    come_back(by_oidc)
    assert by_oidc.cookies["session"] != before, "every sign-in begins a new session"


@pytest.mark.parametrize(
    "spoil",
    [
        {"nonce": "another"},
        {"aud": "another"},
        {"iss": "https://another.example"},
        {"exp": 1_000_000_000},
        {"citysync_role": "root"},
        {"citysync_city": None},
    ],
)
def test_a_token_that_is_not_for_us_signs_nobody_in(
    by_oidc: TestClient, provider: tuple[Provider, str], spoil: dict[str, Any]
) -> None:
    provider[0].spoil = spoil
    assert come_back(by_oidc).status_code == 401
    assert by_oidc.get("/").status_code == 303


def test_a_forged_or_repeated_answer_signs_nobody_in(by_oidc: TestClient, provider: tuple[Provider, str]) -> None:
    assert by_oidc.get("/sign-in/back?code=code0&state=guessed").status_code == 401
    assert by_oidc.get("/sign-in/back?error=access_denied").status_code == 401
    provider[0].forged = True
    assert come_back(by_oidc).status_code == 401
    assert by_oidc.get("/").status_code == 303


def test_guessing_is_stopped_after_ten_failures_from_one_address(stored: Settings) -> None:
    client = a_client(stored, "10.0.9.1", web_sign_in="token")
    guesses = [
        client.post("/sign-in", data={"token": f"citysync_{n}"}, headers=ORIGIN).status_code for n in range(MOST + 1)
    ]
    assert guesses == [401] * MOST + [429]


def test_failures_are_forgotten_after_a_while_and_counted_by_address(stored: Settings) -> None:
    clock = [NOW]
    attempts = Attempts(Library(stored, lambda: clock[0], day_of), lambda: clock[0])
    for _ in range(MOST):
        assert attempts.spend("2001:db8::1") is not None
    assert attempts.spend("2001:db8::2") is None, "one network of one household"
    assert attempts.spend("2001:db8:0:1::1") is not None
    clock[0] = NOW + WITHIN + timedelta(seconds=1)
    assert attempts.spend("2001:db8::1") is not None


def test_two_servers_count_the_same_failures_and_forgive_whoever_comes_in(stored: Settings) -> None:
    one, other = (a_client(stored, "10.0.7.1", web_sign_in="token") for _ in range(2))
    with open_store(stored.database, write=True) as store:
        token = tokens.issue(store, Principal("茂名", Role.CITY, "440900"), NOW + timedelta(days=9), "root", NOW)
    for _ in range(MOST // 2):
        assert one.post("/sign-in", data={"token": "guess"}, headers=ORIGIN).status_code == 401
        assert other.post("/sign-in", data={"token": token}, headers=ORIGIN).status_code == 303, "no failure"
    for _ in range(MOST - MOST // 2):
        assert other.post("/sign-in", data={"token": "guess"}, headers=ORIGIN).status_code == 401
    answers = [client.post("/sign-in", data={"token": "guess"}, headers=ORIGIN).status_code for client in (one, other)]
    assert answers == [429, 429]
    elsewhere = a_client(stored, "10.0.7.2", web_sign_in="token")
    assert elsewhere.post("/sign-in", data={"token": "guess"}, headers=ORIGIN).status_code == 401


def test_a_thousand_attempts_at_once_are_counted_before_they_are_looked_at(stored: Settings) -> None:
    attempts = Attempts(Library(stored, lambda: NOW, day_of), lambda: NOW)
    with ThreadPoolExecutor(8) as crowd:
        heard = list(crowd.map(lambda _: attempts.spend("10.0.8.1"), range(4 * MOST)))
    assert len([each for each in heard if each is not None]) == MOST


def test_a_providers_session_is_ended_by_the_province_at_once(stored: Settings, by_oidc: TestClient) -> None:
    come_back(by_oidc)
    assert by_oidc.get("/c/440900").status_code == 200
    with open_store(stored.database, write=True) as store:
        (row,) = [each for each in sessions.listed(store, NOW) if each["subject"] == "oidc:42"][:1]
        assert (row["name"], row["network"]) == ("zhang3", "10.0.0.0/24")
        sessions.end(store, row["serial"], "root", NOW)
        last = audit.entries(store, 1)[0]
    assert (last["who"], last["what"], last["object"]) == ("root", "end", f"session:{row['serial']}")
    assert by_oidc.get("/c/440900").status_code == 303
    come_back(by_oidc)
    assert by_oidc.get("/c/440900").status_code == 200, "another session is another matter"
