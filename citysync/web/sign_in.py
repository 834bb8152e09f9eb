"""How the server knows who asks. Ways: ``none`` (loopback only) and ``token``; others are added beside them."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol

from fastapi import Request
from itsdangerous import BadData, URLSafeSerializer

from citysync.domain.principal import NOBODY, Principal, Role
from citysync.storage import tokens
from citysync.storage.engine import Store

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
HERE = Principal("本机", Role.PROVINCE_ADMIN)
COOKIE = "session"
HOURS = timedelta(hours=8)
KEY_FILE = "web.key"
_BEARER = "Bearer "


class SignIn(Protocol):
    """A way of signing in."""

    def principal(self, request: Request) -> Principal:
        """Return who asks, ``NOBODY`` for somebody not signed in."""
        ...


class NoSignIn:
    """Whoever reaches the server is the province's administrator: only for a server that nobody else can reach."""

    def principal(self, request: Request) -> Principal:
        """Return the operator of this machine."""
        del request
        return HERE


class TokenSignIn:
    """A token in ``Authorization: Bearer``, or a session begun with one. A revoked token ends its sessions too."""

    def __init__(self, store: Callable[[], Store], key: str, now: Callable[[], datetime]) -> None:
        self._store = store
        self._now = now
        self._signed = URLSafeSerializer(key, salt="citysync-session")

    def principal(self, request: Request) -> Principal:
        """Return whose token or session it is."""
        said = request.headers.get("authorization", "")
        if said.startswith(_BEARER):
            found = tokens.known(self._store(), said.removeprefix(_BEARER), self._now())
            return NOBODY if found is None else found[1]
        return self._of_session(request.cookies.get(COOKIE, ""))

    def session(self, token: str) -> str | None:
        """Return the cookie of a new session, None for a token that lets nobody in."""
        found = tokens.known(self._store(), token, self._now())
        if found is None:
            return None
        return str(self._signed.dumps({"token": found[0], "until": (self._now() + HOURS).timestamp()}))

    def _of_session(self, cookie: str) -> Principal:
        try:
            held = self._signed.loads(cookie)
        except BadData:
            return NOBODY
        if held["until"] <= self._now().timestamp():
            return NOBODY
        return tokens.still(self._store(), held["token"], self._now()) or NOBODY


def session_key(data_dir: Path) -> str:
    """Return the key that signs sessions, made at the first start; removing the file ends every session."""
    path = data_dir / KEY_FILE
    if not path.exists():
        data_dir.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(32), encoding="ascii")
    return path.read_text(encoding="ascii")
