"""Tokens for the pages and the API: 256 random bits, kept as a hash, with a role, an end, and a place in the audit."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from citysync.domain.errors import StorageError
from citysync.domain.principal import Principal, Role
from citysync.storage import audit, tables
from citysync.storage.audit import Deed
from citysync.storage.engine import Store
from citysync.storage.reading import Row, rows_of

_TOKEN, _SESSION = tables.tokens.c, tables.sessions.c
_PREFIX = "citysync_"
_BYTES = 32


@dataclass(frozen=True, slots=True)
class Known:
    """A token that holds: its number, whose it is, until when."""

    serial: int
    principal: Principal
    expires_at: datetime


def issue(store: Store, principal: Principal, expires_at: datetime, who: str, now: datetime) -> str:
    """Keep a new token for somebody and return it: it is shown this once, and nobody can read it again."""
    text = _PREFIX + secrets.token_urlsafe(_BYTES)
    facts = {"name": principal.name, "role": principal.role.value, "city_code": principal.city_code}
    row = {**facts, "sha256": _hash(text), "issued_at": now, "expires_at": expires_at}
    with store.writing() as connection:
        serial = connection.execute(sa.insert(tables.tokens).values(**row).returning(_TOKEN.serial)).scalar_one()
        after = {**facts, "expires_at": expires_at.isoformat()}
        audit.record(connection, Deed(who, "issue", f"token:{serial}", after=after), now)
    return text


def revoke(store: Store, serial: int, who: str, now: datetime) -> None:
    """End a token and its sessions at once; raise ``StorageError`` for one that is not there or was revoked already."""
    with store.writing() as connection:
        mine = sa.update(tables.tokens).where(_TOKEN.serial == serial, _TOKEN.revoked_at.is_(None))
        if connection.execute(mine.values(revoked_at=now)).rowcount != 1:
            raise StorageError(f"没有编号为 {serial} 的有效令牌；运行 citysync token list 查看")
        of_it = sa.update(tables.sessions).where(_SESSION.token_serial == serial, _SESSION.ended_at.is_(None))
        connection.execute(of_it.values(ended_at=now, ended_by=who))
        audit.record(connection, Deed(who, "revoke", f"token:{serial}"), now)


def listed(store: Store) -> list[Row]:
    """Return every token ever issued, newest first; none of it lets anybody in."""
    shown = (column for column in _TOKEN if column.name != "sha256")
    with store.reading() as connection:
        return rows_of(connection, sa.select(*shown).order_by(_TOKEN.serial.desc()))


def known(store: Store, text: str, now: datetime) -> Known | None:
    """Return what a token is, None for one that is unknown, over or revoked."""
    wanted = _hash(text)
    found = _valid(store, _TOKEN.sha256 == wanted, now)
    if found is None or not hmac.compare_digest(found["sha256"], wanted):
        return None
    return Known(int(found["serial"]), _principal(found), found["expires_at"])


def still(store: Store, serial: int, now: datetime) -> Principal | None:
    """Return whose a token is while it holds: what a session rests on is asked again each time."""
    found = _valid(store, _TOKEN.serial == serial, now)
    return None if found is None else _principal(found)


def _valid(store: Store, chosen: sa.ColumnElement[bool], now: datetime) -> dict[str, Any] | None:
    query = sa.select(tables.tokens).where(chosen, _TOKEN.revoked_at.is_(None), _TOKEN.expires_at > now)
    with store.reading() as connection:
        row = connection.execute(query).mappings().first()
    return None if row is None else dict(row)


def _principal(row: dict[str, Any]) -> Principal:
    return Principal(row["name"], Role(row["role"]), row["city_code"])


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
