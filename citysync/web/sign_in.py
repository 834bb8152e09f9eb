"""How the server knows who asks. Ways: ``none`` (loopback only), ``token``, ``header`` here; ``oidc`` beside it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from ipaddress import ip_address
from typing import Protocol
from urllib.parse import unquote

from fastapi import Request

from citysync.config.settings import Networks
from citysync.domain.principal import NOBODY, Principal, Role
from citysync.storage import tokens
from citysync.storage.engine import Store
from citysync.web.sessions import Sessions

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
HERE = Principal("本机", Role.PROVINCE_ADMIN)
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
            return NOBODY if found is None else found.principal
        held = self._sessions.held(request)
        if held is None or held["token_serial"] is None:
            return NOBODY
        return tokens.still(self._store(), held["token_serial"], self._now()) or NOBODY

    def session(self, request: Request, token: str) -> str | None:
        """Return the cookie of a new session, None for a token that lets nobody in."""
        found = tokens.known(self._store(), token, self._now())
        if found is None:
            return None
        subject = f"token:{found.serial}"
        return self._sessions.begin(request, subject, found.principal, found.serial, found.expires_at)


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
