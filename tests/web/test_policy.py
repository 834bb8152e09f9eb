"""No route without a policy, and no answer beyond it."""

from __future__ import annotations

import pytest
from fastapi import FastAPI, Request
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient
from starlette.routing import BaseRoute

from citysync.config.settings import Settings
from citysync.domain.principal import NOBODY, Principal, Role
from citysync.web.app import create_app
from citysync.web.csrf import check_form, check_header, csrf_of
from citysync.web.policy import POLICIES, Door, Guard
from tests.house.pages import page, rows
from tests.web.province import NOW, run_id_of

ASKERS = {
    Role.PROVINCE_ADMIN: Principal("admin", Role.PROVINCE_ADMIN),
    Role.PROVINCE_READER: Principal("reader", Role.PROVINCE_READER),
    Role.CITY: Principal("茂名", Role.CITY, "440900"),
    Role.PUBLIC: NOBODY,
}
FILLED = {
    "code": "440900",
    "run_id": run_id_of(8),
    "kind": "json",
    "tab": "history",
    "number": "1",
    "serial": "1",
    "item": "row-1",
}


class As:
    """A way of signing in that takes everybody for one principal."""

    def __init__(self, principal: Principal) -> None:
        self._principal = principal

    def principal(self, request: Request) -> Principal:
        del request
        return self._principal


def asking(province: Settings, principal: Principal) -> TestClient:
    return TestClient(create_app(province, lambda: NOW, As(principal)), base_url="http://127.0.0.1")


def secret(client: TestClient, principal: Principal) -> str:
    """Return the secret of somebody's forms, as a page of theirs holds it."""
    app = client.app
    assert isinstance(app, FastAPI)
    return csrf_of(Request({"type": "http", "headers": [], "app": app}), principal)


def test_every_deed_of_somebody_signed_in_asks_for_the_sessions_secret(province: Settings) -> None:
    routes = [route for route in create_app(province, lambda: NOW).routes if isinstance(route, APIRoute)]
    deeds = [
        route
        for route in routes
        if "POST" in (route.methods or ()) and Role.PUBLIC not in guards(route)[0].policy.roles
    ]
    assert {"city_recheck", "city_approve", "api_recheck"} <= {route.name for route in deeds}
    asks = {check_form, check_header}
    assert [route.name for route in deeds if not asks & {each.dependency for each in route.dependencies}] == []


def guards(route: BaseRoute) -> list[Guard]:
    """Return the policies a route stands under; what FastAPI serves on its own has none."""
    found = route.dependencies if isinstance(route, APIRoute) else []
    return [each.dependency for each in found if isinstance(each.dependency, Guard)]


def unguarded(app: FastAPI) -> list[str]:
    """Return the routes nobody decided about; files of ``static/`` are everybody's."""
    return [str(getattr(route, "path", route)) for route in app.routes if not guards(route) and route.name != "static"]  # type: ignore[attr-defined]


def test_every_route_stands_under_a_policy_of_the_table(province: Settings) -> None:
    app = create_app(province, lambda: NOW)
    assert unguarded(app) == []
    assert {guard.name for route in app.routes for guard in guards(route)} == set(POLICIES)


def test_a_route_nobody_decided_about_is_noticed(province: Settings) -> None:
    app = create_app(province, lambda: NOW)
    app.add_api_route("/secret", lambda: "x")
    assert unguarded(app) == ["/secret"]


def test_a_page_that_the_table_does_not_name_cannot_be_registered() -> None:
    with pytest.raises(KeyError):
        Door(FastAPI()).page("no_such_page", "/x", lambda: "x")


def _matrix() -> list[tuple[str, Role, bool]]:
    return [(name, role, role in policy.roles) for name, policy in POLICIES.items() for role in Role]


@pytest.mark.parametrize(("name", "role", "admitted"), _matrix())
def test_each_role_is_admitted_where_the_table_says_so(
    province: Settings,
    name: str,
    role: Role,
    admitted: bool,  # noqa: FBT001 — a cell of the matrix
) -> None:
    client = asking(province, ASKERS[role])
    routes = [route for route in create_app(province, lambda: NOW).routes if isinstance(route, APIRoute)]
    route = next(route for route in routes if guards(route)[0].name == name)
    method = next(iter(route.methods or ()))
    # What changes something is asked about a city that is not there: who is admitted finds nothing to do.
    path = route.path.format(**FILLED if method == "GET" else {**FILLED, "code": "999999"})
    sent = {"Origin": "http://127.0.0.1", "X-CSRF-Token": secret(client, ASKERS[role])}
    form = {"csrf": sent["X-CSRF-Token"]} if method == "POST" else None
    answer = client.request(method, path, headers=sent, data=form, follow_redirects=False)
    refused = answer.status_code in {401, 403} or answer.headers.get("location", "").startswith("/sign-in")
    assert refused is not admitted, f"{method} {path} as {role}: {answer.status_code}"


def test_the_docs_show_the_table() -> None:
    text = page("pages.md")
    assert [name for name in POLICIES if name not in {found for found, _ in rows(text)}] == []
