"""A secret of the session in every form: what another site makes a browser send does not have it."""

from __future__ import annotations

import hashlib
import hmac
from typing import Annotated

from fastapi import Form, Header, Request

from citysync.domain.principal import Principal
from citysync.web.problems import Forbidden
from citysync.web.sessions import COOKIE

_BEARER = "Bearer "


def csrf_of(request: Request, principal: Principal) -> str:
    """Return the secret of who asks: of this very session, or of the name where others signed them in."""
    subject = request.cookies.get(COOKIE) or f"{principal.role.value}:{principal.name}"
    key: str = request.app.state.csrf_key
    return hmac.new(key.encode(), subject.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()


def check_form(request: Request, csrf: Annotated[str, Form(max_length=200)] = "") -> None:
    """Refuse a form without the session's secret; a program's token is its own proof."""
    _check(request, csrf)


def check_header(request: Request, x_csrf_token: Annotated[str, Header(include_in_schema=False)] = "") -> None:
    """Refuse a request without the session's secret in ``X-CSRF-Token``; a program's token is its own proof."""
    _check(request, x_csrf_token)


def _check(request: Request, sent: str) -> None:
    if request.headers.get("authorization", "").startswith(_BEARER):
        return
    wanted = csrf_of(request, request.state.principal)
    if not hmac.compare_digest(sent.encode("utf-8", "surrogatepass"), wanted.encode()):
        raise Forbidden
