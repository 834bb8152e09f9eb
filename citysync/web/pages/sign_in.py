"""``/sign-in`` and ``/sign-out``: a token, or a provider's word, becomes a session of eight hours, and ends."""

from __future__ import annotations

import logging
from typing import Annotated

from fastapi import Form, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse, Response

from citysync.web.oidc import NotSignedIn, OidcSignIn
from citysync.web.policy import Asker, Door
from citysync.web.problems import NotThere, TooMany
from citysync.web.rendering import page
from citysync.web.sessions import COOKIE, HOURS
from citysync.web.sign_in import HeaderSignIn, TokenSignIn

_SEE_OTHER, _UNAUTHORISED = 303, 401
logger = logging.getLogger(__name__)


def register(door: Door) -> None:
    """Register this page's routes."""
    door.page("sign_in", "/sign-in", show)
    door.form("sign_in_sent", "/sign-in", enter)
    door.page("sign_in_leave", "/sign-in/provider", leave_for_provider)
    door.page("sign_in_back", "/sign-in/back", come_back)
    door.form("sign_out", "/sign-out", leave)


def show(request: Request, asker: Asker) -> Response:
    """Show the form, or the way to whoever signs people in."""
    return _shown(request, asker, wrong=False)


def enter(request: Request, asker: Asker, token: Annotated[str, Form(max_length=200)]) -> Response:
    """Begin a session, or show the form again without saying what was wrong with the token."""
    way, attempt = request.app.state.sign_in, _attempt(request)
    session = way.session(request, token.strip()) if isinstance(way, TokenSignIn) else None
    if session is None:
        return _shown(request, asker, wrong=True)
    request.app.state.attempts.forgive(attempt)
    return _begun(request, session)


async def leave_for_provider(request: Request, asker: Asker) -> Response:
    """Send the browser to the provider."""
    way = _provider(request)
    try:
        return await way.leave_for_provider(request, str(request.url_for("sign_in_back")))
    except NotSignedIn as error:
        logger.warning("sign-in: %s", error)
        return _shown(request, asker, wrong=True)


async def come_back(request: Request, asker: Asker) -> Response:
    """Begin a session for whom the provider sent back."""
    way, attempt = _provider(request), await run_in_threadpool(_attempt, request)
    try:
        session = await way.session(request)
    except NotSignedIn as error:
        logger.warning("sign-in: %s", error)
        return _shown(request, asker, wrong=True)
    await run_in_threadpool(request.app.state.attempts.forgive, attempt)
    return _begun(request, session)


def leave(request: Request, asker: Asker) -> Response:
    """End the session: on this browser, and wherever a copy of its cookie lies."""
    if request.app.state.sessions is not None:
        request.app.state.sessions.leave(request, asker.name)
    answer = RedirectResponse("/", _SEE_OTHER)
    answer.delete_cookie(COOKIE)
    return answer


def _provider(request: Request) -> OidcSignIn:
    way = request.app.state.sign_in
    if not isinstance(way, OidcSignIn):
        raise NotThere(request.url.path)
    return way


def _shown(request: Request, asker: Asker, *, wrong: bool) -> Response:
    way = request.app.state.sign_in
    kind = "oidc" if isinstance(way, OidcSignIn) else "header" if isinstance(way, HeaderSignIn) else "token"
    return page(request, "sign_in.html", {"wrong": wrong, "way": kind}, asker, status=_UNAUTHORISED if wrong else 200)


def _begun(request: Request, session: str) -> Response:
    answer = RedirectResponse("/", _SEE_OTHER)
    age, secure = int(HOURS.total_seconds()), request.url.scheme == "https"
    answer.set_cookie(COOKIE, session, max_age=age, httponly=True, samesite="lax", secure=secure)
    return answer


def _attempt(request: Request) -> int:
    """Return the number of this attempt, which is a failure until it is forgiven; raise ``TooMany``."""
    spent: int | None = request.app.state.attempts.spend(request.client.host if request.client is not None else "")
    if spent is None:
        raise TooMany
    return spent
