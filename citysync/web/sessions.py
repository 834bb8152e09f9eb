"""Sessions of people: a signed cookie that names a row of the ledger, which anybody entitled may end at once."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any, Protocol

from fastapi import Request
from itsdangerous import BadData, URLSafeSerializer

from citysync.domain.principal import Principal
from citysync.storage import sessions
from citysync.storage.engine import Store

COOKIE = "session"
HOURS = timedelta(hours=8)
KEY_FILE = "web.key"
_COARSE = {4: 24, 6: 48}  # where somebody is, not which machine


class Ledger(Protocol):
    """Where sessions are kept."""

    def store(self) -> Store:
        """Return the ledger for reading; it stays open."""
        ...

    def writable(self) -> Store:
        """Return the ledger for one deed, to be closed after it."""
        ...


class Sessions:
    """Sessions of eight hours. Every sign-in begins a new one; none goes on from what a browser brought."""

    def __init__(self, key: str, ledger: Ledger, now: Callable[[], datetime]) -> None:
        self._ledger, self._now = ledger, now
        self._signed = URLSafeSerializer(key, salt="citysync-session")

    def begin(
        self,
        request: Request,
        subject: str,
        principal: Principal,
        token_serial: int | None = None,
        expires_at: datetime | None = None,
    ) -> str:
        """Return the cookie of a new session. ``subject``: whose it is; ``expires_at``: it never holds beyond that."""
        now = self._now()
        until = now + HOURS if expires_at is None else min(now + HOURS, expires_at)
        begun = sessions.Begun(subject, principal, network_of(request), token_serial)
        with self._ledger.writable() as store:
            return str(self._signed.dumps(sessions.begin(store, begun, until, now)))

    def held(self, request: Request) -> dict[str, Any] | None:
        """Return the row of a request's session, None for none, one that is over or ended, or one we did not begin."""
        key = self._key(request)
        return None if key is None else sessions.held(self._ledger.store(), key, self._now())

    def leave(self, request: Request, who: str) -> None:
        """End the session of a request: its cookie opens nothing any more, wherever a copy of it lies."""
        key = self._key(request)
        if key is not None:
            with self._ledger.writable() as store:
                sessions.leave(store, key, who, self._now())

    def _key(self, request: Request) -> str | None:
        try:
            key = self._signed.loads(request.cookies.get(COOKIE, ""))
        except BadData:
            return None
        return key if isinstance(key, str) else None


def network_of(request: Request) -> str:
    """Return from where a request comes, coarsely: ``10.1.2.0/24``, a /48 of IPv6."""
    told = request.client.host if request.client is not None else ""
    try:
        found = ip_address(told.partition("%")[0])
    except ValueError:  # a socket, or a test's own name
        return told
    return str(ip_network((found, _COARSE[found.version]), strict=False))


def session_key(data_dir: Path) -> str:
    """Return the key that signs sessions, made at the first start; removing the file ends every session."""
    path = data_dir / KEY_FILE
    if not path.exists():
        data_dir.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(32), encoding="ascii")
    return path.read_text(encoding="ascii")
