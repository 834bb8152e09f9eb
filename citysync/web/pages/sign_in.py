"""``/sign-in`` and ``/sign-out``: a token becomes a session of eight hours, and ends."""

from __future__ import annotations

from typing import Annotated

from fastapi import Form, Request
from fastapi.responses import RedirectResponse, Response

from citysync.web.policy import Asker, Door
from citysync.web.rendering import page
from citysync.web.sign_in import COOKIE, HOURS, TokenSignIn

_SEE_OTHER = 303


def register(door: Door) -> None:
    """Register this page's routes."""
    door.page("sign_in", "/sign-in", show)
    door.form("sign_in_sent", "/sign-in", enter)
    door.form("sign_out", "/sign-out", leave)


def show(request: Request, asker: Asker) -> Response:
    """Show the form."""
    return page(request, "sign_in.html", {"wrong": False}, asker)


def enter(request: Request, asker: Asker, token: Annotated[str, Form(max_length=200)]) -> Response:
    """Begin a session, or show the form again without saying what was wrong with the token."""
    way = request.app.state.sign_in
    session = way.session(token.strip()) if isinstance(way, TokenSignIn) else None
    if session is None:
        return page(request, "sign_in.html", {"wrong": True}, asker, status=401)
    answer = RedirectResponse("/", _SEE_OTHER)
    age, secure = int(HOURS.total_seconds()), request.url.scheme == "https"
    answer.set_cookie(COOKIE, session, max_age=age, httponly=True, samesite="lax", secure=secure)
    return answer


def leave() -> Response:
    """End the session on this browser."""
    answer = RedirectResponse("/", _SEE_OTHER)
    answer.delete_cookie(COOKIE)
    return answer
