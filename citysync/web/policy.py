"""Who may see what: one table. A route is registered by its name in this table, or not at all."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, FastAPI, Request
from fastapi.responses import HTMLResponse, Response

from citysync.domain.principal import NOBODY, Principal, Role
from citysync.web.csrf import check_form, check_header
from citysync.web.documents import PROBLEMS, Document
from citysync.web.problems import Forbidden, SignInNeeded

PROVINCE = frozenset({Role.PROVINCE_ADMIN, Role.PROVINCE_READER})
SIGNED_IN = PROVINCE | {Role.CITY}
ADMIN = frozenset({Role.PROVINCE_ADMIN})
ACTING = ADMIN | {Role.CITY}
EVERYBODY = SIGNED_IN | {Role.PUBLIC}


@dataclass(frozen=True, slots=True)
class Policy:
    """Which roles a route admits, and why so. What of a city may be seen is the repository's: see ``web/reading``."""

    roles: frozenset[Role]
    why: str


# The name of every route there is, with its policy. docs/pages.md shows the same table; a test holds the two together.
POLICIES: Mapping[str, Policy] = {
    "province": Policy(SIGNED_IN, "a city's people see their own city alone on it"),
    "city": Policy(SIGNED_IN, "a foreign city answers 404"),
    "differences": Policy(SIGNED_IN, "a foreign city answers 404"),
    "differences_export": Policy(SIGNED_IN, "a foreign city answers 404"),
    "item": Policy(SIGNED_IN, "a foreign city answers 404; the same item elsewhere only in cities one may see"),
    "city_tab": Policy(SIGNED_IN, "a foreign city answers 404"),
    "city_receipt": Policy(SIGNED_IN, "a foreign city answers 404"),
    "city_acts": Policy(SIGNED_IN, "a foreign city answers 404; each deed has its own line"),
    "city_progress": Policy(SIGNED_IN, "a foreign city answers 404"),
    "city_recheck": Policy(ACTING, "a city's people for their own city; one run at a time"),
    "city_acknowledge": Policy(ACTING, "a city's people for their own alerts"),
    "city_appeal": Policy(ACTING, "a city's people against their own findings"),
    "city_approve": Policy(ADMIN, "adopting a mass change is the province's to decide"),
    "city_identity": Policy(ADMIN, "what counts as the same item is the province's to decide"),
    "appeals": Policy(PROVINCE, "of all cities"),
    "appeals_answered": Policy(ADMIN, "upholds or rejects appeals; audited"),
    "run": Policy(SIGNED_IN, "a city's people see their own city's part of it"),
    "api_recheck": Policy(ACTING, "as city_recheck"),
    "api_openapi": Policy(SIGNED_IN, "describes the API, holds no data"),
    "api_status": Policy(SIGNED_IN, "a city's programs get their own city alone"),
    "api_findings": Policy(SIGNED_IN, "a foreign city answers 404"),
    "api_rejects": Policy(SIGNED_IN, "a foreign city answers 404"),
    "api_receipt": Policy(SIGNED_IN, "a foreign city answers 404"),
    "api_figures": Policy(SIGNED_IN, "a city's programs get their own city alone"),
    "api_runs": Policy(SIGNED_IN, "a city's programs get the runs it was in"),
    "api_run": Policy(SIGNED_IN, "a city's programs get their own city's part of it"),
    "api_master": Policy(SIGNED_IN, "versions only"),
    "api_master_items": Policy(SIGNED_IN, "a city's programs get what applies to it"),
    "api_master_changes": Policy(SIGNED_IN, "a city's programs get what applies to it"),
    "figures": Policy(SIGNED_IN, "a city's people see their own city's figures alone"),
    "public": Policy(EVERYBODY, "holds only what citizens may read"),
    "public_list": Policy(EVERYBODY, "holds only what citizens may read"),
    "public_item": Policy(EVERYBODY, "holds only what citizens may read"),
    "public_feedback": Policy(EVERYBODY, "takes a signal within limits, shows nothing of others"),
    "moderation": Policy(PROVINCE, "what citizens wrote, before anybody looked at it"),
    "moderation_decided": Policy(frozenset({Role.PROVINCE_ADMIN}), "accepts or dismisses a signal; audited"),
    "sign_in": Policy(EVERYBODY, "how one comes in"),
    "sign_in_sent": Policy(EVERYBODY, "how one comes in"),
    "sign_in_leave": Policy(EVERYBODY, "leads to whoever signs people in"),
    "sign_in_back": Policy(EVERYBODY, "where they come back, with proof or without"),
    "sign_out": Policy(EVERYBODY, "ends one's own session, nothing else"),
    "sessions": Policy(SIGNED_IN, "one's own; everybody's to the province's administrator"),
    "session_ended": Policy(SIGNED_IN, "one's own, anybody's by the province's administrator; audited"),
    "sessions_ended": Policy(SIGNED_IN, "one's own, wherever they are; audited"),
    "health": Policy(EVERYBODY, "says only that the server answers and can read its ledger"),
}


class Door:
    """Registers routes, each under its policy; a name that is not in the table is refused with ``KeyError``."""

    def __init__(self, app: FastAPI, policies: Mapping[str, Policy] = POLICIES) -> None:
        self._app = app
        self._policies = policies

    def page(self, name: str, path: str, endpoint: Callable[..., Any]) -> None:
        """Register a page that is read: ``GET``, HTML."""
        self._add(name, path, endpoint, "GET", HTMLResponse, schema=False)

    def download(self, name: str, path: str, endpoint: Callable[..., Any]) -> None:
        """Register a file that is fetched: ``GET``; the endpoint returns the response."""
        self._add(name, path, endpoint, "GET", Response, schema=False)

    def form(self, name: str, path: str, endpoint: Callable[..., Any]) -> None:
        """Register what a form sends: ``POST``. The middleware has refused other origins before it gets here."""
        self._add(name, path, endpoint, "POST", HTMLResponse, schema=False)

    def act(self, name: str, path: str, endpoint: Callable[..., Any]) -> None:
        """Register what somebody signed in does: a form that holds the session's secret beside what it sends."""
        self._add(name, path, endpoint, "POST", HTMLResponse, schema=False, beside=(Depends(check_form),))

    def api(
        self, name: str, path: str, endpoint: Callable[..., Any], method: str = "GET", *, schema: bool = True
    ) -> None:
        """Register a route of the JSON API, which stands in the OpenAPI document; every error is a problem there."""
        self._app.add_api_route(
            path,
            endpoint,
            name=name,
            methods=[method],
            response_class=Document,
            response_model=None,
            responses=PROBLEMS,
            include_in_schema=schema,
            dependencies=[self._guard(name), *([] if method == "GET" else [Depends(check_header)])],
        )

    def _add(
        self,
        name: str,
        path: str,
        endpoint: Callable[..., Any],
        method: str,
        kind: type[Response],
        *,
        schema: bool,
        beside: Sequence[Any] = (),
    ) -> None:
        self._app.add_api_route(
            path,
            endpoint,
            name=name,
            methods=[method],
            response_class=kind,
            include_in_schema=schema,
            dependencies=[self._guard(name), *beside],
        )

    def _guard(self, name: str) -> Any:  # noqa: ANN401 - FastAPI's own type
        return Depends(Guard(name, self._policies[name]))


@dataclass(frozen=True)
class Guard:
    """The dependency that admits or refuses. It stands before the endpoint's own."""

    name: str
    policy: Policy

    def __call__(self, request: Request) -> Principal:
        """Return who asks; raise ``SignInNeeded`` for nobody, ``Forbidden`` for a role the policy does not admit."""
        principal = who(request)
        if principal.role not in self.policy.roles:
            raise SignInNeeded if principal is NOBODY else Forbidden
        return principal


def who(request: Request) -> Principal:
    """Return who asks, as the server's way of signing in knows it; asked once per request."""
    known = getattr(request.state, "principal", None)
    if known is None:
        known = request.app.state.sign_in.principal(request)
        request.state.principal = known
    return known  # type: ignore[no-any-return]


Asker = Annotated[Principal, Depends(who)]
