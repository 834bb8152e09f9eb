"""What every answer has: strict headers, a page for every error, nothing of other people's that was altered."""

from __future__ import annotations

import hashlib
import socket
import tomllib
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from citysync.config.settings import Settings
from citysync.domain.errors import ConfigError
from citysync.web.app import create_app
from citysync.web.headers import HEADERS
from citysync.web.rendering import STATIC, environment, shown
from citysync.web.serving import serve
from tests.house.pages import ROOT
from tests.web.province import NOW

VENDORED = (STATIC / "vendor", ROOT / "tests" / "web" / "vendor")


@pytest.mark.parametrize("path", ["/", "/nowhere", "/static/citysync.css", "/healthz"])
def test_every_answer_carries_the_strict_headers(pages: TestClient, path: str) -> None:
    answer = pages.get(path)
    assert {name: answer.headers.get(name) for name in HEADERS} == HEADERS


def test_an_unknown_address_is_answered_in_a_sentence(pages: TestClient) -> None:
    answer = pages.get("/nowhere")
    assert answer.status_code == 404
    assert "没有这一页" in answer.text


def test_our_own_fault_shows_nothing_internal(province: Settings) -> None:
    app = create_app(province, lambda: NOW)
    app.state.library.cities = lambda: 1 / 0
    answer = TestClient(app, base_url="http://127.0.0.1", raise_server_exceptions=False).get("/")
    assert answer.status_code == 500
    assert "本系统故障" in answer.text
    assert [word for word in ("Traceback", "ZeroDivision", ".py", "division") if word in answer.text] == []


def test_another_origin_cannot_make_us_do_anything(pages: TestClient) -> None:
    assert pages.post("/", headers={"Origin": "http://evil.example"}).status_code == 403
    assert pages.post("/").status_code == 403, "a request that does not say where it comes from is not ours"
    assert pages.post("/", headers={"Origin": "http://127.0.0.1"}).status_code == 405


def test_a_name_that_another_site_made_lead_here_is_not_answered(pages: TestClient) -> None:
    assert pages.get("/", headers={"Host": "evil.example"}).status_code == 400


def test_without_signing_in_only_loopback_is_bound(province: Settings) -> None:
    with pytest.raises(ConfigError, match="只能绑定本机"):
        serve(province, "0.0.0.0", 8321, lambda: NOW)  # noqa: S104 — that it is refused is the point


def test_an_address_somebody_else_has_is_refused_before_anybody_is_told_to_look_there(province: Settings) -> None:
    told: list[str] = []
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(ConfigError, match="已被别的程序占用"):
            serve(province, "127.0.0.1", taken.getsockname()[1], lambda: NOW, lambda: told.append("ready"))
    assert told == []


@pytest.mark.parametrize("folder", VENDORED, ids=["shipped", "tests"])
def test_what_we_took_from_others_is_as_it_came(folder: Path) -> None:
    listed = tomllib.loads((folder / "manifest.toml").read_text(encoding="utf-8"))["asset"]
    assert {each["file"] for each in listed} == {
        path.name for path in folder.iterdir() if path.suffix in {".js", ".css"}
    }
    for each in listed:
        assert hashlib.sha256((folder / each["file"]).read_bytes()).hexdigest() == each["sha256"], each["file"]
        assert (folder / each["licence_file"]).is_file()


def test_nothing_in_a_template_is_trusted_or_inline() -> None:
    for path in sorted((STATIC.parent / "templates").glob("*.html")):
        text = path.read_text(encoding="utf-8")
        found = [
            word for word in ("|safe", "| safe", "style=", "onclick=", "<style", "autoescape false") if word in text
        ]
        assert found == [], path.name
    assert environment("zh").autoescape is True


def test_text_that_would_turn_a_line_around_is_shown_as_a_sign() -> None:
    assert shown("abc\u202etxt\x00") == "abc\ufffdtxt\ufffd"
    assert shown(None) == ""


def test_english_is_had_by_asking_and_kept(province: Settings) -> None:
    client = TestClient(create_app(province, lambda: NOW), base_url="http://127.0.0.1")
    assert '<html lang="en">' in client.get("/?lang=en").text
    assert '<html lang="en">' in client.get("/").text, "the cookie remembers"
    assert '<html lang="zh-CN">' in client.get("/?lang=zh").text


def test_the_style_sheet_closes_what_it_opens() -> None:
    css = (STATIC / "citysync.css").read_text(encoding="utf-8")
    depth = [css[:end].count("{") - css[:end].count("}") for end in (css.index("/* figures */"), len(css))]
    assert depth == [0, 0], "a rule that is left open swallows every rule behind it"
