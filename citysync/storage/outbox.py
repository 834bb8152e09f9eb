"""What follows a published verdict: one row per change of state, written with it, told exactly once.

A row may be claimed when its run is closed: only the whole night shows whose fault it was. Claiming is an update that
must change exactly one row, so that of two who drain at once each row has one; a claim nobody confirmed runs out.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from citysync.domain.transition import Transition
from citysync.domain.verdict import State
from citysync.storage import tables
from citysync.storage.engine import Store
from citysync.storage.leases import Status, database_now
from citysync.storage.said import verdict_of

CLAIM = timedelta(minutes=5)
_ROW = tables.outbox.c
_RUN = tables.runs.c
_VERDICT = tables.verdicts.c


@dataclass(frozen=True, slots=True)
class Claimed:
    """A change of state that is ours to tell; ``seq`` confirms it."""

    seq: int
    transition: Transition


def write(connection: sa.Connection, run_seq: int, city_code: str, change: dict[str, Any]) -> None:
    """Enter a verdict's change of state (before, after, since), or what it has become since; no change is no row."""
    mine = sa.and_(_ROW.run_seq == run_seq, _ROW.city_code == city_code)
    connection.execute(sa.delete(tables.outbox).where(mine))
    if change["before"] != change["after"]:
        connection.execute(sa.insert(tables.outbox), {"run_seq": run_seq, "city_code": city_code, **change})


def claim(store: Store, claimed_by: str, *, limit: int = 100) -> list[Claimed]:
    """Return changes of state nobody has told yet, oldest first, and keep them from everybody else for a while."""
    with store.writing() as connection:
        now = database_now(connection)
        free = sa.and_(_ROW.done_at.is_(None), sa.or_(_ROW.claimed_until.is_(None), _ROW.claimed_until < now))
        waiting = (
            sa.select(_ROW.seq)
            .join(tables.runs, _RUN.seq == _ROW.run_seq)
            .where(free, _RUN.status != Status.RUNNING.value)
            .order_by(_ROW.seq)
            .limit(limit)
        )
        claimed = []
        for seq in connection.scalars(waiting).all():
            mine = sa.update(tables.outbox).where(_ROW.seq == seq, free)
            if connection.execute(mine.values(claimed_by=claimed_by, claimed_until=now + CLAIM)).rowcount == 1:
                claimed.append(_claimed(connection, seq))
        return claimed


def confirm(store: Store, seq: int, claimed_by: str) -> bool:
    """Say that a change of state has been told; return False if somebody else has it by now, or it was told already."""
    with store.writing() as connection:
        mine = sa.update(tables.outbox).where(_ROW.seq == seq, _ROW.claimed_by == claimed_by, _ROW.done_at.is_(None))
        return bool(connection.execute(mine.values(done_at=database_now(connection))).rowcount == 1)


def _claimed(connection: sa.Connection, seq: int) -> Claimed:
    query = (
        sa.select(tables.outbox, *(_VERDICT[name].label(f"v_{name}") for name in _SAID), _RUN.run_id)
        .join(tables.verdicts, sa.and_(_VERDICT.run_seq == _ROW.run_seq, _VERDICT.city_code == _ROW.city_code))
        .join(tables.runs, _RUN.seq == _ROW.run_seq)
        .where(_ROW.seq == seq)
    )
    row = connection.execute(query).mappings().one()
    verdict = verdict_of({"code": row["city_code"], "run_id": row["run_id"], **{n: row[f"v_{n}"] for n in _SAID}})
    before = None if row["before"] is None else State(row["before"])
    return Claimed(seq, Transition(row["city_code"], before, State(row["after"]), row["since"], verdict))


_SAID = ("state", "axes", "reasons", "counts", "judged_at", "grade")
