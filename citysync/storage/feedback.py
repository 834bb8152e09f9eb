"""Signals of citizens: kept within limits, moderated, counted; what is dismissed keeps no text."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

import sqlalchemy as sa

from citysync.domain.errors import StorageError
from citysync.domain.feedback import Signal, Standing
from citysync.storage import audit, tables
from citysync.storage.audit import Deed
from citysync.storage.engine import Store
from citysync.storage.reading import Row, rows_of

PER_HOUR = 5  # of one source
MOST_PENDING = 5_000  # of all: a flood must not fill the ledger
_SIGNAL = tables.feedback.c
_HOUR = timedelta(hours=1)


def leave(store: Store, signal: Signal, source: str, now: datetime) -> bool:
    """Keep a signal until somebody looks at it; return False, keeping nothing, where there are too many already.

    ``source``: what tells one sender from another for an hour; it must not say who that is.
    """
    recent = sa.select(sa.func.count()).where(_SIGNAL.source == source, _SIGNAL.received_at > now - _HOUR)
    pending = sa.select(sa.func.count()).where(_SIGNAL.standing == Standing.PENDING.value)
    with store.writing(lock="feedback") as connection:
        if (connection.scalar(recent) or 0) >= PER_HOUR or (connection.scalar(pending) or 0) >= MOST_PENDING:
            return False
        row = {"city_code": signal.city_code, "catalog_code": signal.catalog_code, "visits": signal.visits}
        told = {"text": signal.text, "source": source, "received_at": now, "standing": Standing.PENDING.value}
        connection.execute(sa.insert(tables.feedback).values(**row, **told))
    return True


def listed(store: Store, standing: Standing, cities: Collection[str], limit: int = 100) -> list[Row]:
    """Return signals of some cities in one standing, oldest first; where they came from is told to nobody."""
    shown = (column for column in _SIGNAL if column.name != "source")
    query = sa.select(*shown).where(_SIGNAL.standing == standing.value, _SIGNAL.city_code.in_(cities))
    with store.reading() as connection:
        return rows_of(connection, query.order_by(_SIGNAL.serial).limit(limit))


def counted(store: Store, cities: Collection[str]) -> dict[str, dict[str, int]]:
    """Return city code → standing → how many signals; a city without any has no entry."""
    query = (
        sa.select(_SIGNAL.city_code, _SIGNAL.standing, sa.func.count())
        .where(_SIGNAL.city_code.in_(cities))
        .group_by(_SIGNAL.city_code, _SIGNAL.standing)
    )
    found: dict[str, dict[str, int]] = {}
    with store.reading() as connection:
        for code, standing, count in connection.execute(query):
            found.setdefault(code, {})[standing] = int(count)
    return found


def decide(store: Store, serial: int, standing: Standing, who: str, now: datetime) -> None:
    """Accept or dismiss a pending signal; of a dismissed one the text is removed. Raise ``StorageError`` for no such.

    The decision stands in the audit, the citizen's words do not.
    """
    pending = (_SIGNAL.serial == serial, _SIGNAL.standing == Standing.PENDING.value)
    values = {"standing": standing.value, "decided_by": who, "decided_at": now}
    if standing is Standing.DISMISSED:
        values["text"] = ""
    with store.writing() as connection:
        if connection.execute(sa.update(tables.feedback).where(*pending).values(**values)).rowcount != 1:
            raise StorageError(f"没有编号为 {serial} 的待核反映；可能已由别人处理")
        audit.record(connection, Deed(who, standing.value, f"feedback:{serial}"), now)
