"""Proving who we are: tokens that run out on the way, signatures, and secrets that show up nowhere."""

from __future__ import annotations

import base64
import gzip
import hashlib
import html
import json
import traceback
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, quote_plus

import pytest

from citysync.domain.city import Auth, Signing
from citysync.domain.errors import Refused, SourceError
from citysync.domain.redaction import redacted, without
from citysync.domain.snapshot import Grade
from connectors import pull
from connectors._credentials import credentials, digest, has_digest
from tests.connectors.doors import CANARY, NOW, PAGES, Memory, city_of, directory, pulled
from tests.connectors.site import Asked, Sent, numbered, sends, site

BEARER = {"kind": "bearer", "secret": "CITYSYNC_SECRET_440300"}


def token_of(url: str, **changes: Any) -> dict[str, Any]:
    params = {"grant_type": "client_credentials", "client_id": "prov"}
    return {**BEARER, "token": {"url": f"{url}/token", "params": params, **changes}}


def gateway(good_for: int, *, life: int = 99) -> Callable[[Asked], Sent]:
    """Return a city that hands out tokens, each good for so many pages; it stops handing out after ``life``."""
    issued: list[str] = []
    used: list[str] = []

    def answer(asked: Asked) -> Sent:
        if asked.path == "/token":
            if len(issued) == life or asked.form.get("client_secret") != CANARY:
                return sends({"error": "invalid_client", "error_description": f"no {CANARY}"})
            issued.append(f"token-{len(issued) + 1}-{'x' * 20}")
            return sends({"access_token": issued[-1], "expires_in": 60})
        shown = asked.headers.get("authorization", "").removeprefix("Bearer ")
        if not issued or shown != issued[-1] or used.count(shown) == good_for:
            return Sent(status=401)
        used.append(shown)
        return numbered(directory(9))(asked)

    return answer


def test_a_token_that_expires_in_mid_pull_is_renewed_once_and_the_pull_goes_on() -> None:
    memory = Memory()
    with site(gateway(3)) as city:
        snapshot = pulled({**PAGES, "url": city.url, "auth": token_of(city.url)}, memory)
    assert (snapshot.certificate.grade, snapshot.certificate.received) == (Grade.A, 9)
    assert [asked.path for asked in city.asked].count("/token") == 2
    assert "令牌已失效，已换新令牌继续" in memory.told
    assert len(memory.kept) == 5, "a token's answer is no evidence"
    assert memory.waited == []


def test_a_second_refusal_ends_the_pull_and_names_the_secret() -> None:
    with site(gateway(2)) as city, pytest.raises(Refused, match="凭据被拒绝（401）；请核对密钥 CITYSYNC_SECRET_440300"):
        pulled({**PAGES, "url": city.url, "auth": token_of(city.url)})
    assert [asked.path for asked in city.asked].count("/token") == 2


@pytest.mark.parametrize("life", [0, 1])
def test_a_secret_that_no_token_is_given_for_is_refused_with_the_interfaces_own_words(life: int) -> None:
    with (
        site(gateway(1, life=life)) as city,
        pytest.raises(Refused, match="令牌接口：没有给出可用的令牌 access_token") as caught,
    ):
        pulled({**PAGES, "url": city.url, "auth": token_of(city.url)})
    assert "信息“invalid_client”" in str(caught.value)
    assert CANARY not in str(caught.value)


def test_a_token_under_another_name_is_not_quoted() -> None:
    with site(lambda _: sends({"jwt": "eyJhbGciOi-canary"})) as city, pytest.raises(Refused) as caught:
        pulled({**PAGES, "url": city.url, "auth": token_of(city.url)})
    assert "canary" not in str(caught.value)


def test_a_secret_that_was_renewed_beside_us_is_read_again_once() -> None:
    def answer(asked: Asked) -> Sent:
        good = "Bearer new-secret" if asked.count > 2 else f"Bearer {CANARY}"
        return numbered(directory(5))(asked) if asked.headers["authorization"] == good else Sent(status=401)

    city_file = {**PAGES, "auth": BEARER}
    with site(answer) as running:
        city = city_of({**city_file, "url": running.url})
        assert pull(city, replace(Memory().door(), renew=lambda _: "new-secret")).certificate.grade is Grade.A
    with site(answer) as running:
        city = city_of({**city_file, "url": running.url})
        with pytest.raises(Refused):
            pull(city, replace(Memory().door(), renew=lambda _: CANARY))
        assert len(running.asked) == 3, "the same secret is not shown twice"


def test_403_is_an_answer_and_renews_nothing() -> None:
    with site(
        lambda asked: sends({"access_token": "abcdefgh"}) if asked.path == "/token" else Sent(status=403)
    ) as city:
        with pytest.raises(Refused, match="403"):
            pulled({**PAGES, "url": city.url, "auth": token_of(city.url)})
        assert len(city.asked) == 2


def signed(asked: Asked, function: Callable[[str], str], headers: tuple[str, str, str]) -> bool:
    moment, nonce, signature = (asked.headers[name] for name in headers)
    return signature == function(moment + nonce + CANARY)


def test_each_request_is_signed_anew_with_time_nonce_and_token() -> None:
    names = ("x-timestamp", "x-nonce", "x-signature")
    sha256 = lambda text: hashlib.sha256(text.encode()).hexdigest()  # noqa: E731 — handed on

    def answer(asked: Asked) -> Sent:
        if asked.count == 2:
            return Sent(status=503)
        return numbered(directory(5))(asked) if signed(asked, sha256, names) else Sent(status=401)

    with site(answer) as city:
        auth = {"kind": "signature", "secret": "S"}
        assert pulled({**PAGES, "url": city.url, "auth": auth}).certificate.grade is Grade.A
    nonces = [asked.headers["x-nonce"] for asked in city.asked]
    assert len(set(nonces)) == len(nonces) == 4
    assert {asked.headers["x-timestamp"] for asked in city.asked} == {str(int(NOW.timestamp()))}
    assert all(CANARY not in str(asked.headers) for asked in city.asked)


def test_a_signature_is_made_as_the_gateway_wants_it() -> None:
    moment = datetime(2026, 11, 23, tzinfo=UTC)
    how = Signing(
        recipe="{timestamp}{token}{nonce}{timestamp}",
        upper=True,
        milliseconds=True,
        timestamp_header="x-tif-timestamp",
        nonce_header="x-tif-nonce",
        signature_header="x-tif-signature",
        user_header="x-tif-paasid",
    )
    auth = Auth(kind="signature", secret="S", user="prov", signing=how)  # noqa: S106 — a secret's name
    at = str(int(moment.timestamp() * 1000))
    assert credentials(auth, "{nonce}", moment, "n0nce").headers == {
        "x-tif-timestamp": at,
        "x-tif-nonce": "n0nce",
        "x-tif-signature": hashlib.sha256(f"{at}{{nonce}}n0nce{at}".encode()).hexdigest().upper(),
        "x-tif-paasid": "prov",
    }


@pytest.mark.skipif(not has_digest("sm3"), reason="this OpenSSL has no SM3")
def test_the_digest_may_be_sm3() -> None:
    assert digest("sm3", "abc") == "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"  # GB/T 32905, A.1
    auth = Auth(kind="signature", secret="S", signing=Signing(digest="sm3"))  # noqa: S106 — a secret's name
    sent = credentials(auth, "t", NOW, "n").headers["x-signature"]
    assert sent == digest("sm3", f"{int(NOW.timestamp())}nt")


SECRET = 'p"a/s+s=w&o<r>d~\\1'  # noqa: S105 — a canary
PAIR = f"citysync:{SECRET}"
FORMS: dict[str, str] = {
    "as it is": SECRET,
    "in a query": f"http://a/b?page=1&ticket={quote(SECRET, safe='')}",
    "in a query, slashes kept": f"/b?ticket={quote(SECRET)}",
    "in a form": f"ticket={quote_plus(SECRET)}&page=1",
    "percent signs in small letters": quote(SECRET, safe="").replace("%2F", "%2f").replace("%3D", "%3d"),
    "quoted twice": quote(quote(SECRET, safe=""), safe=""),
    "a header": f"X-Api-Key: {SECRET}",
    "bearer": f"Authorization: Bearer {SECRET}",
    "basic": f"Authorization: Basic {base64.b64encode(PAIR.encode()).decode()}",
    "basic, padding lost": base64.b64encode(PAIR.encode()).decode().rstrip("="),
    "basic in an address": f"http://{quote(PAIR, safe=':')}@host/",
    "base64": base64.b64encode(SECRET.encode()).decode(),
    "base64 for addresses": base64.urlsafe_b64encode(SECRET.encode()).decode(),
    "base64 in a query": quote(base64.b64encode(SECRET.encode()).decode(), safe=""),
    "JSON": json.dumps({"said": SECRET}),
    "JSON, slashes escaped": json.dumps({"said": SECRET}).replace("/", "\\/"),
    "a page": f"<p>{html.escape(SECRET)}</p>",
    "repr": repr(SECRET),
    "an exception": repr(ValueError(f"bad {SECRET}")),
    "hexadecimal": SECRET.encode().hex(),
    "an access_token nobody registered": "GET /x?access_token=other-5f3a",
    "a password in JSON": '{"password": "other-5f3a"}',
}


@pytest.mark.parametrize("form", list(FORMS))
def test_a_secret_is_hidden_in_every_form_it_travels_in(form: str) -> None:
    shown = redacted(FORMS[form], [PAIR, SECRET])
    assert "***" in shown
    for told in (SECRET, "other-5f3a", base64.b64encode(SECRET.encode()).decode()[:12], SECRET.encode().hex()):
        assert told not in shown
    assert "s+s" not in shown
    assert "s%2Bs" not in shown


def test_what_is_no_secret_is_left_alone() -> None:
    assert redacted("第 3 页：声明总数 2", [SECRET]) == "第 3 页：声明总数 2"
    assert without(b'{"task_code": "1144010604"}', ["44010604"]) == b'{"task_code": "1144010604"}'
    assert without(b'{"echo": "44010604"}', ["44010604"]) == b'{"echo": "***"}'
    assert without(b'{"a": "1234567"}', ["1234567"]) == b'{"a": "1234567"}'


def test_an_echoed_secret_is_taken_out_of_the_evidence_too() -> None:
    memory = Memory()

    def echo(asked: Asked) -> Sent:
        rows = directory(2)
        rows[0]["task_name"] = f"办理 {asked.headers['authorization']}"
        document = {"code": 200, "you": asked.headers["authorization"], "data": {"list": rows, "total": 2}}
        return Sent(gzip.compress(json.dumps(document).encode()), headers={"Content-Encoding": "gzip"})

    with site(echo) as city:
        snapshot = pulled({**PAGES, "url": city.url, "auth": BEARER}, memory)
    assert snapshot.certificate.grade is Grade.A
    assert CANARY.encode() not in memory.kept[0][2]
    assert json.dumps(CANARY)[1:-1].encode() not in memory.kept[0][2]
    assert CANARY not in str(snapshot.rows.rows())


@pytest.mark.parametrize("token_param", [None, "ticket"])
def test_a_token_that_was_exchanged_is_hidden_as_well(token_param: str | None) -> None:
    token = "exchanged/token+5f3a=="  # noqa: S105 — a canary

    def answer(asked: Asked) -> Sent:
        if asked.path == "/token":
            return sends({"data": {"token": token}})
        return sends({"code": 9, "msg": f"{asked.query} {asked.headers.get('authorization')}"})

    memory = Memory()
    auth = token_of("", path="data.token") | ({"param": token_param} if token_param else {})
    with site(answer) as city:
        auth["token"]["url"] = f"{city.url}/token"
        with pytest.raises(SourceError) as caught:
            pulled({**PAGES, "url": city.url, "auth": auth}, memory)
    everything = "".join(traceback.format_exception(caught.value)) + str(memory.told) + str(memory.kept)
    assert "5f3a" not in everything
