"""A city of a run walked by a worker elsewhere: claimed by one at a time, alive as long as it beats, ended once.

The run's leader looks here alone for what became of a city it gave away: an orchestrator still says "running" of a
worker that lost its power. Times are the database's; a worker that died on this machine is dead at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from citysync.domain.run import Run, Trigger
from citysync.domain.verdict import Verdict
from citysync.storage import tables
from citysync.storage.engine import Store
from citysync.storage.leases import LEASE, Status, database_now, is_dead
from citysync.storage.process import here
from citysync.storage.said import verdict_of, whole

_WALK = tables.walks.c
_RUN = tables.runs.c
_VERDICT = tables.verdicts.c


class Outcome(StrEnum):
    """How a walk ended: ``released``: it was stopped and may be walked anew."""

    PUBLISHED = "published"
    DEFERRED = "deferred"
    FAILED = "failed"
    RELEASED = "released"


@dataclass(frozen=True, slots=True)
class Claim:
    """A worker's right to walk a city of a run; ``may_defer``: a city that asks us to wait is asked once more later."""

    run: Run
    city_code: str
    attempt: int
    may_defer: bool


@dataclass(frozen=True, slots=True)
class Walk:
    """The last attempt at a city as the run's leader sees it."""

    attempt: int
    host: str
    alive: bool
    outcome: Outcome | None
    error_code: str | None = None
    error: str | None = None
    deferred: Verdict | None = None


@dataclass(frozen=True, slots=True)
class Sight:
    """What became of a run's cities so far: those published, and the last attempt at each that was ever claimed."""

    published: frozenset[str]
    walks: dict[str, Walk]

    @property
    def under_way(self) -> bool:
        """Return whether some worker walks a city now: a long walk is progress, though nothing ends meanwhile."""
        return any(walk.alive for walk in self.walks.values())


def claim(store: Store, run_id: str, city_code: str) -> Claim | None:
    """Claim a city of a run for this process; None if the run is over, the city published or a living worker has it."""
    with store.writing(lock=f"walk:{city_code}") as connection:
        run = connection.execute(sa.select(tables.runs).where(_RUN.run_id == run_id)).mappings().first()
        if run is None or run["status"] != Status.RUNNING.value or not _enrolled(connection, run["seq"], city_code):
            return None
        last = connection.execute(_attempts(run["seq"], city_code).limit(1)).mappings().first()
        now = database_now(connection)
        if _is_published(connection, run["seq"], city_code) or (last is not None and _alive(last, now)):
            return None
        attempt, deferred = (
            (1, False) if last is None else (last["attempt"] + 1, _was_deferred(connection, run["seq"], city_code))
        )
        me = here()
        row = {"run_seq": run["seq"], "city_code": city_code, "attempt": attempt, "taken_at": now}
        at = {"host": me.host, "pid": me.pid, "process": me.mark, "lease_until": now + LEASE}
        connection.execute(sa.insert(tables.walks), {**row, **at})
        return Claim(_run_of(run), city_code, attempt, may_defer=not deferred)


def beat(store: Store, claim: Claim) -> bool:
    """Renew a walk's lease; return False once its run is over or it is no longer ours."""
    with store.writing() as connection:
        now = database_now(connection)
        running = sa.exists().where(_RUN.seq == _WALK.run_seq, _RUN.status == Status.RUNNING.value)
        mine = sa.update(tables.walks).where(_this(claim), _WALK.ended_at.is_(None), running)
        return bool(connection.execute(mine.values(lease_until=now + LEASE)).rowcount == 1)


def end(
    store: Store,
    claim: Claim,
    outcome: Outcome,
    *,
    error: tuple[str, str] | None = None,
    verdict: Verdict | None = None,
) -> None:
    """Say how a walk ended, once. ``error``: its stable code and its text; ``verdict``: of a city to be asked again."""
    code, text = error or (None, None)
    said = None if verdict is None else whole(verdict)
    with store.writing() as connection:
        how = {"outcome": outcome.value, "error_code": code, "error": text, "verdict": said}
        mine = sa.update(tables.walks).where(_this(claim), _WALK.ended_at.is_(None))
        connection.execute(mine.values(ended_at=database_now(connection), **how))


def sight(store: Store, run_id: str) -> Sight:
    """Return what became of a run's cities so far."""
    seq = sa.select(_RUN.seq).where(_RUN.run_id == run_id).scalar_subquery()
    with store.reading() as connection:
        now = database_now(connection)
        published = connection.scalars(sa.select(_VERDICT.city_code).where(_VERDICT.run_seq == seq)).all()
        rows = connection.execute(sa.select(tables.walks).where(_WALK.run_seq == seq).order_by(_WALK.attempt))
        walks = {str(row["city_code"]): _walk(row, run_id, alive=_alive(row, now)) for row in rows.mappings()}
    return Sight(frozenset(published), walks)


def attempts_of(store: Store, run_id: str) -> list[dict[str, Any]]:
    """Return every attempt of a run, in the order they were claimed: who walked which city, and how it ended."""
    named = (_WALK.city_code, _WALK.attempt, _WALK.host, _WALK.pid, _WALK.taken_at, _WALK.ended_at, _WALK.outcome)
    query = sa.select(*named).join(tables.runs, _RUN.seq == _WALK.run_seq).where(_RUN.run_id == run_id)
    with store.reading() as connection:
        return [dict(row) for row in connection.execute(query.order_by(_WALK.taken_at, _WALK.city_code)).mappings()]


def _walk(row: sa.RowMapping, run_id: str, *, alive: bool) -> Walk:
    said = row["verdict"]
    return Walk(
        attempt=row["attempt"],
        host=row["host"],
        alive=alive,
        outcome=None if row["outcome"] is None else Outcome(row["outcome"]),
        error_code=row["error_code"],
        error=row["error"],
        deferred=None if said is None else verdict_of({**said, "code": row["city_code"], "run_id": run_id}),
    )


def _alive(walk: sa.RowMapping, now: datetime) -> bool:
    return walk["ended_at"] is None and not is_dead(walk, now)


def _this(claim: Claim) -> sa.ColumnElement[bool]:
    seq = sa.select(_RUN.seq).where(_RUN.run_id == claim.run.run_id).scalar_subquery()
    return sa.and_(_WALK.run_seq == seq, _WALK.city_code == claim.city_code, _WALK.attempt == claim.attempt)


def _attempts(run_seq: int, city_code: str) -> sa.Select[Any]:
    mine = sa.select(tables.walks).where(_WALK.run_seq == run_seq, _WALK.city_code == city_code)
    return mine.order_by(_WALK.attempt.desc())


def _was_deferred(connection: sa.Connection, run_seq: int, city_code: str) -> bool:
    rows = connection.execute(_attempts(run_seq, city_code)).mappings()
    return any(row["outcome"] == Outcome.DEFERRED.value for row in rows)


def _enrolled(connection: sa.Connection, run_seq: int, city_code: str) -> bool:
    city = tables.run_cities.c
    found = sa.select(city.position).where(city.run_seq == run_seq, city.city_code == city_code)
    return connection.scalar(found) is not None


def _is_published(connection: sa.Connection, run_seq: int, city_code: str) -> bool:
    found = sa.select(_VERDICT.run_seq).where(_VERDICT.run_seq == run_seq, _VERDICT.city_code == city_code)
    return connection.scalar(found) is not None


def _run_of(row: sa.RowMapping) -> Run:
    return Run(
        run_id=row["run_id"],
        trigger=Trigger(row["trigger"]),
        business_date=row["business_date"],
        started_at=row["started_at"],
        master_version=row["master_version"],
        rules_version=row["rules_version"],
    )
