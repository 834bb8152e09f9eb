"""Whoever asks for whatever: of a city they may not see neither code nor name is in the answer."""

from __future__ import annotations

import io
import re
import zipfile
from functools import cache
from typing import Any

import pytest
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from citysync.config.settings import Settings
from citysync.domain.principal import NOBODY, Principal, Role
from citysync.web.app import create_app
from tests.faults.campaign import WHOLE
from tests.web.province import CITIES, NOW, run_id_of
from tests.web.test_policy import asking, guards

EXAMPLES = 2_000 if WHOLE else 120
PRINCIPALS = [Principal(f"people of {code}", Role.CITY, code) for code in CITIES] + [NOBODY]
WORDS = {
    "code": [*CITIES, "999999"],
    "run_id": [run_id_of(night) for night in range(1, 9)],
    "tab": ["history", "runs", "doctor", "notices", "nothing"],
    "kind": ["xlsx", "csv", "json"],
}
QUERIES = ["", "?lang=en", "?on=2026-11-23", "?by=county&on=2026-11-23", "?limit=1000", "?since=2026-11-20-1"]


def routes(province: Settings) -> list[str]:
    """Return every address one can get that is not everybody's: what the public may read of all cities it may read."""
    found = [route for route in create_app(province, lambda: NOW).routes if isinstance(route, APIRoute)]
    return sorted(
        route.path
        for route in found
        if "GET" in (route.methods or ()) and Role.PUBLIC not in guards(route)[0].policy.roles
    )


def told(client: TestClient, address: str) -> str:
    """Return everything an answer says: its headers, its body, and what a workbook holds; not what was asked."""
    answer = client.get(address, follow_redirects=False)
    body = answer.content
    if body.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(body)) as book:
            body = b"".join(book.read(name) for name in book.namelist())
    text = f"{dict(answer.headers)}\n{body.decode('utf-8', 'replace')}"
    return text.replace(address.partition("?")[0], "")


def foreign(principal: Principal, text: str) -> list[str]:
    """Return the codes and names in a text that somebody may not learn; a name without its 市, as people write it.

    Six digits inside a longer code are no city's: they may stand in a credit code of the asker's own rows.
    """
    hidden = {code: name.removesuffix("市") for code, (name, _) in CITIES.items() if not principal.may_see(code)}
    codes = [code for code in hidden if re.search(rf"(?<![0-9A-Z]){code}(?![0-9A-Z])", text)]
    return codes + [name for name in hidden.values() if name in text]


def test_of_a_foreign_city_nothing_is_in_any_answer(province: Settings) -> None:
    paths, asked = routes(province), []

    @cache
    def client(principal: Principal) -> TestClient:
        return asking(province, principal)

    @seed(20261123)
    @settings(max_examples=EXAMPLES, database=None, deadline=None, suppress_health_check=list(HealthCheck))
    @given(data=st.data())
    def ask(data: Any) -> None:
        principal = data.draw(st.sampled_from(PRINCIPALS))
        path = data.draw(st.sampled_from(paths))
        filled = {name: data.draw(st.sampled_from(words)) for name, words in WORDS.items() if f"{{{name}}}" in path}
        places = path.replace(":path", "").format_map(_Filled(filled))
        address = places + data.draw(st.sampled_from(QUERIES))
        text = told(client(principal), address)
        assert foreign(principal, text) == [], f"{principal} {address}"
        asked.append(path)

    ask()
    assert len(set(asked)) > len(paths) / 2


def test_a_foreign_name_would_be_noticed(pages: TestClient) -> None:
    text = told(pages, "/")
    assert len(foreign(PRINCIPALS[0], text)) == 2 * (len(CITIES) - 1)
    assert "茂名" in told(pages, "/c/440900/receipt.xlsx")


class _Filled(dict[str, str]):
    """A place nobody thought of holds the code of a city: what is there is looked at all the same."""

    def __missing__(self, key: str) -> str:
        return "440300"


@pytest.mark.parametrize("principal", PRINCIPALS, ids=lambda each: each.name or "nobody")
def test_every_address_is_asked_by_everybody_once(province: Settings, principal: Principal) -> None:
    client = asking(province, principal)
    for path in routes(province):
        for code in ("440300", "440900"):
            address = path.format_map(_Filled({"code": code, "run_id": run_id_of(8), "tab": "runs", "kind": "json"}))
            assert foreign(principal, told(client, address)) == [], address
