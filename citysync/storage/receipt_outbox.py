"""Receipts that are due to a city: one row per published result and way, written with the verdict, handed over once.

A row may be claimed when its run is closed, as for ``outbox``; a newer result of the same city takes the place of one
that still waits, since people must not act on yesterday's list. A claim nobody settled runs out.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from citysync.storage import tables
from citysync.storage.engine import Store
from citysync.storage.leases import Status, database_now

CLAIM = timedelta(minutes=5)
RETRY_AFTER = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=30), timedelta(hours=2))
SENT, GIVEN_UP, SUPERSEDED = "sent", "given_up", "superseded"
_ROW = tables.receipt_outbox.c
_RUN = tables.runs.c
_WAITS = _ROW.outcome.is_(None)


@dataclass(frozen=True, slots=True)
class Due:
    """A receipt that is ours to hand over: ``seq`` settles it, ``attempts`` says how often it was tried."""

    seq: int
    run_id: str
    city_code: str
    way: str
    attempts: int


def write(connection: sa.Connection, run_seq: int, city_code: str, ways: Iterable[str]) -> None:
    """Enter the receipt of a result for every way of its city; what still waits of an earlier result is let go."""
    now = database_now(connection)
    for way in ways:
        older = sa.update(tables.receipt_outbox).where(_ROW.city_code == city_code, _ROW.way == way, _WAITS)
        connection.execute(older.values(outcome=SUPERSEDED, done_at=now))
        row = {"run_seq": run_seq, "city_code": city_code, "way": way, "attempts": 0, "not_before": now}
        connection.execute(sa.insert(tables.receipt_outbox), row)


def claim(store: Store, now: datetime) -> list[Due]:
    """Return the receipts that may go out now, by run and city, and keep them from everybody else for a while."""
    free = sa.and_(_WAITS, sa.or_(_ROW.claimed_until.is_(None), _ROW.claimed_until < now))
    waiting = (
        sa.select(_ROW.seq, _RUN.run_id, _ROW.city_code, _ROW.way, _ROW.attempts)
        .join(tables.runs, _RUN.seq == _ROW.run_seq)
        .where(free, _ROW.not_before <= now, _RUN.status != Status.RUNNING.value)
        .order_by(_ROW.run_seq, _ROW.city_code, _ROW.seq)
    )
    with store.writing() as connection:
        found = []
        for row in connection.execute(waiting).all():
            mine = sa.update(tables.receipt_outbox).where(_ROW.seq == row.seq, free)
            if connection.execute(mine.values(claimed_until=now + CLAIM)).rowcount == 1:
                found.append(Due(*row))
        return found


def settle(store: Store, due: Due, now: datetime, error: str | None, *, permanent: bool = False) -> None:
    """Write down what came of a claimed receipt: handed over, tried again later, or given up."""
    attempts = due.attempts + 1
    row: dict[str, Any] = {"attempts": attempts, "error": error, "claimed_until": None}
    if error is None:
        row |= {"outcome": SENT, "done_at": now}
    elif permanent or attempts > len(RETRY_AFTER):
        row |= {"outcome": GIVEN_UP, "done_at": now}
    else:
        row |= {"not_before": now + RETRY_AFTER[attempts - 1]}
    with store.writing() as connection:
        connection.execute(sa.update(tables.receipt_outbox).where(_ROW.seq == due.seq, _WAITS).values(**row))


def handed_over(store: Store, run_id: str, city_code: str, way: str, now: datetime) -> None:
    """Settle a receipt that a person handed over by hand, whether it waited or had been given up."""
    run_seq = sa.select(_RUN.seq).where(_RUN.run_id == run_id).scalar_subquery()
    same = sa.and_(_ROW.run_seq == run_seq, _ROW.city_code == city_code, _ROW.way == way)
    with store.writing() as connection:
        connection.execute(sa.update(tables.receipt_outbox).where(same).values(outcome=SENT, done_at=now, error=None))


def undelivered(store: Store) -> list[dict[str, Any]]:
    """Return each city's newest receipt by each way that did not arrive: ``outcome`` None while it is tried again."""
    newest = sa.select(sa.func.max(_ROW.seq)).group_by(_ROW.city_code, _ROW.way)
    query = (
        sa.select(_RUN.run_id, *(_ROW[name] for name in ("city_code", "way", "attempts", "not_before", "outcome")))
        .add_columns(_ROW.error)
        .join(tables.runs, _RUN.seq == _ROW.run_seq)
        .where(_ROW.seq.in_(newest), sa.or_(_WAITS, _ROW.outcome == GIVEN_UP))
        .order_by(_ROW.city_code, _ROW.way)
    )
    with store.reading() as connection:
        return [dict(row) for row in connection.execute(query).mappings()]
