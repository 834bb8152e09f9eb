"""Sessions of people at the pages: each a row that can be ended, of whose key only the hash is kept."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from citysync.domain.errors import ConfigError
from citysync.domain.principal import Principal
from citysync.storage import audit, tables
from citysync.storage.audit import Deed
from citysync.storage.engine import Store
from citysync.storage.reading import Row, rows_of

KEPT = timedelta(days=180)  # who was signed in is known for half a year: 网络安全法 art. 21
_SESSION = tables.sessions.c
_SHOWN = tuple(column for column in _SESSION if column.name != "sha256")
_BYTES = 16


@dataclass(frozen=True, slots=True)
class Begun:
    """What a session begins with. ``subject``: whose it is, as ``token:12`` or ``oidc:SUB``; ``network``: coarse."""

    subject: str
    principal: Principal
    network: str
    token_serial: int | None = None


def begin(store: Store, begun: Begun, until: datetime, now: datetime) -> str:
    """Keep a new session and return its key, which is shown this once; forget those over for half a year."""
    key = secrets.token_hex(_BYTES)
    who = {"name": begun.principal.name, "role": begun.principal.role.value, "city_code": begun.principal.city_code}
    from_where = {"subject": begun.subject, "token_serial": begun.token_serial, "network": begun.network}
    with store.writing() as connection:
        connection.execute(sa.delete(tables.sessions).where(_SESSION.until < now - KEPT))
        row = {"sha256": _hash(key), **who, **from_where, "begun_at": now, "until": until}
        connection.execute(sa.insert(tables.sessions).values(**row))
    return key


def held(store: Store, key: str, now: datetime) -> dict[str, Any] | None:
    """Return the session of a key, None for one that is unknown, over or ended."""
    query = sa.select(*_SHOWN).where(_SESSION.sha256 == _hash(key), _alive(now))
    with store.reading() as connection:
        row = connection.execute(query).mappings().first()
    return None if row is None else dict(row)


def listed(store: Store, now: datetime, subject: str | None = None, limit: int = 500) -> list[Row]:
    """Return the sessions that hold, newest first: of everybody, or of one subject."""
    query = sa.select(*_SHOWN).where(_alive(now)).order_by(_SESSION.serial.desc()).limit(limit)
    if subject is not None:
        query = query.where(_SESSION.subject == subject)
    with store.reading() as connection:
        return rows_of(connection, query)


def end(store: Store, serial: int, who: str, now: datetime, subject: str | None = None) -> Row:
    """End one session at once, with its audit entry, and return it; ``subject``: only one of theirs.

    Raises ``ConfigError`` for one that is not there or over already.
    """
    mine = sa.true() if subject is None else _SESSION.subject == subject
    found = _ended(store, sa.and_(_SESSION.serial == serial, mine), who, now)
    if not found:
        raise ConfigError(f"没有编号为 {serial} 的会话，或它已结束；请用 citysync sessions list 查看")
    return found[0]


def end_all(store: Store, subject: str, who: str, now: datetime) -> int:
    """End every session of a subject at once, each with its audit entry, and return how many there were."""
    return len(_ended(store, _SESSION.subject == subject, who, now))


def leave(store: Store, key: str, who: str, now: datetime) -> None:
    """End the session of a key: somebody signs out where they are, which is their own and needs no audit."""
    mine = sa.update(tables.sessions).where(_SESSION.sha256 == _hash(key), _SESSION.ended_at.is_(None))
    with store.writing() as connection:
        connection.execute(mine.values(ended_at=now, ended_by=who))


def _ended(store: Store, chosen: sa.ColumnElement[bool], who: str, now: datetime) -> list[Row]:
    with store.writing(lock="sessions") as connection:
        found = rows_of(connection, sa.select(*_SHOWN).where(chosen, _alive(now)).order_by(_SESSION.serial))
        for row in found:
            ended = sa.update(tables.sessions).where(_SESSION.serial == row["serial"])
            connection.execute(ended.values(ended_at=now, ended_by=who))
            before = {name: row[name] for name in ("name", "role", "city_code", "network", "begun_at")}
            audit.record(connection, Deed(who, "end", f"session:{row['serial']}", before=before), now)
    return found


def _alive(now: datetime) -> sa.ColumnElement[bool]:
    return sa.and_(_SESSION.until > now, _SESSION.ended_at.is_(None))


def _hash(key: str) -> str:
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()
