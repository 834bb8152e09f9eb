"""How often a network may fail to sign in, counted in the ledger: all who serve the pages count the same failures."""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa

from citysync.storage import tables
from citysync.storage.engine import Store

MOST = 10
WITHIN = timedelta(minutes=5)
MOST_KEPT = 100_000  # a flood from many networks must not fill the ledger: the oldest are forgotten
_FAILURE = tables.sign_in_failures.c


def too_many(store: Store, network: str, now: datetime) -> bool:
    """Return whether a network has failed too often to be heard now."""
    with store.reading() as connection:
        return _recent(connection, network, now) >= MOST


def spend(store: Store, network: str, now: datetime) -> int | None:
    """Count an attempt as failed before it is looked at and return its number; None where there were too many.

    Counted first, a thousand attempts at once cannot all find that none has failed yet.
    """
    with store.writing(lock="sign_in") as connection:
        if _recent(connection, network, now) >= MOST:
            return None
        connection.execute(sa.delete(tables.sign_in_failures).where(_FAILURE.failed_at <= now - WITHIN))
        added = sa.insert(tables.sign_in_failures).values(network=network, failed_at=now).returning(_FAILURE.serial)
        serial = int(connection.execute(added).scalar_one())
        connection.execute(sa.delete(tables.sign_in_failures).where(_FAILURE.serial <= serial - MOST_KEPT))
    return serial


def forgive(store: Store, serial: int) -> None:
    """Forget an attempt that was no failure."""
    with store.writing() as connection:
        connection.execute(sa.delete(tables.sign_in_failures).where(_FAILURE.serial == serial))


def _recent(connection: sa.Connection, network: str, now: datetime) -> int:
    query = sa.select(sa.func.count()).where(_FAILURE.network == network, _FAILURE.failed_at > now - WITHIN)
    return connection.scalar(query) or 0
