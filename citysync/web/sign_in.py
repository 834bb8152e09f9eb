"""How the server knows who asks. Ways: ``none`` (loopback only), ``token``, ``header`` here; ``oidc`` beside it."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import unquote

from fastapi import Request
from itsdangerous import BadData, URLSafeSerializer

from citysync.config.settings import Networks
from citysync.domain.principal import NOBODY, Principal, Role
from citysync.storage import tokens
from citysync.storage.engine import Store

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
HERE = Principal("本机", Role.PROVINCE_ADMIN)
COOKIE = "session"
HOURS = timedelta(hours=8)
KEY_FILE = "web.key"
USER_HEADER, ROLE_HEADER, CITY_HEADER = "x-citysync-user", "x-citysync-role", "x-citysync-city"
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


class Sessions:
    """Signed cookies of eight hours. Every sign-in begins a new one; none goes on from what a browser brought."""

    def __init__(self, key: str, now: Callable[[], datetime]) -> None:
        self._now = now
        self._signed = URLSafeSerializer(key, salt="citysync-session")

    def begin(self, facts: Mapping[str, Any]) -> str:
        """Return the cookie of a new session that rests on these facts."""
        until = (self._now() + HOURS).timestamp()
        return str(self._signed.dumps({**facts, "until": until, "id": secrets.token_hex(8)}))

    def held(self, request: Request) -> Mapping[str, Any] | None:
        """Return what a request's session rests on, None for none, one that is over, or one we did not begin."""
        try:
            held: dict[str, Any] = self._signed.loads(request.cookies.get(COOKIE, ""))
        except BadData:
            return None
        return held if held["until"] > self._now().timestamp() else None


class TokenSignIn:
    """A token in ``Authorization: Bearer``, or a session begun with one. A revoked token ends its sessions too."""

    def __init__(self, store: Callable[[], Store], sessions: Sessions, now: Callable[[], datetime]) -> None:
        self._store = store
        self._now = now
        self._sessions = sessions

    def principal(self, request: Request) -> Principal:
        """Return whose token or session it is."""
        said = request.headers.get("authorization", "")
        if said.startswith(_BEARER):
            found = tokens.known(self._store(), said.removeprefix(_BEARER), self._now())
            return NOBODY if found is None else found[1]
        held = self._sessions.held(request)
        if held is None or "token" not in held:
            return NOBODY
        return tokens.still(self._store(), held["token"], self._now()) or NOBODY

    def session(self, token: str) -> str | None:
        """Return the cookie of a new session, None for a token that lets nobody in."""
        found = tokens.known(self._store(), token, self._now())
        return None if found is None else self._sessions.begin({"token": found[0]})


class HeaderSignIn:
    """A proxy in front signs people in and says who they are in headers; from any other address they say nothing.

    A header that comes twice is somebody's attempt to speak beside the proxy: then nobody is signed in.
    """

    def __init__(self, proxies: Networks) -> None:
        self._proxies = proxies

    def principal(self, request: Request) -> Principal:
        """Return whom the proxy names."""
        if request.client is None or not listed(request.client.host, self._proxies):
            return NOBODY
        said = [request.headers.getlist(name) for name in (USER_HEADER, ROLE_HEADER, CITY_HEADER)]
        if any(len(values) > 1 for values in said):
            return NOBODY
        name, role, city = (unquote(values[0]) if values else "" for values in said)
        return principal_of(name, role, city)


def principal_of(name: str, role: str, city: str) -> Principal:
    """Return the principal of an outside identity, ``NOBODY`` where it does not add up: the mapping of both ways.

    ``role``: ``province_admin``, ``province_reader`` or ``city``; ``city``: a division code, for that role alone.
    """
    if not name or role not in {Role.PROVINCE_ADMIN, Role.PROVINCE_READER, Role.CITY}:
        return NOBODY
    if (role == Role.CITY) != bool(city):
        return NOBODY
    return Principal(name, Role(role), city or None)


def listed(address: str, networks: Networks) -> bool:
    """Return whether an address lies in one of some networks."""
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:  # a socket, or a test's own name
        return False
    return any(found in network for network in networks)


def session_key(data_dir: Path) -> str:
    """Return the key that signs sessions, made at the first start; removing the file ends every session."""
    path = data_dir / KEY_FILE
    if not path.exists():
        data_dir.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(32), encoding="ascii")
    return path.read_text(encoding="ascii")
