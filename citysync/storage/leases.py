"""Who works on a city: a lease per city, alive as long as its run's lease is renewed.

Times are those of the database, never of a host: clocks of hosts jump. A run whose process has ended on this machine
is dead at once, and one whose process lives here is alive whatever the clock says; of any other only its lease tells.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from citysync.domain.errors import StorageError
from citysync.storage import tables
from citysync.storage.engine import Store
from citysync.storage.process import is_gone

LEASE = timedelta(seconds=120)
BEAT_SECONDS = 20.0
_RUN = tables.runs.c
_LEASE = tables.city_leases.c


class Status(StrEnum):
    """How far a run is."""

    RUNNING = "running"
    FINISHED = "finished"
    FAILED = "failed"
    CANCELLED = "cancelled"
    ABANDONED = "abandoned"


STATUS_LABELS = {
    Status.RUNNING: "进行中",
    Status.FINISHED: "完成",
    Status.FAILED: "失败",
    Status.CANCELLED: "已取消",
    Status.ABANDONED: "中断",
}


class Busy(StorageError):
    """Another run is at work on a city, and the caller would not wait."""

    reason = "busy"


@dataclass(frozen=True, slots=True)
class Turn:
    """What came of waiting for a city: ``holder`` still works on it, or ``served_by`` published it; else it is ours."""

    holder: str | None = None
    served_by: str | None = None


def database_now(connection: sa.Connection) -> datetime:
    """Return the database's clock: one for all hosts that share a ledger."""
    if connection.dialect.name == "sqlite":
        text = connection.exec_driver_sql("SELECT strftime('%Y-%m-%dT%H:%M:%f', 'now')").scalar_one()
        return datetime.fromisoformat(str(text)).replace(tzinfo=UTC)
    moment: datetime = connection.execute(sa.select(sa.func.clock_timestamp())).scalar_one()
    return moment.astimezone(UTC)


def beat(store: Store, run_id: str) -> bool:
    """Renew a run's lease; return False if the run is no longer running: somebody took it over, or ended it."""
    with store.writing() as connection:
        now = database_now(connection)
        mine = sa.update(tables.runs).where(_RUN.run_id == run_id, _RUN.status == Status.RUNNING.value)
        renewed = connection.execute(mine.values(heartbeat_at=now, lease_until=now + LEASE))
        return bool(renewed.rowcount == 1)


def holder(store: Store, city_code: str) -> str | None:
    """Return the living run that is at work on a city, None if there is none."""
    with store.reading() as connection:
        return _holders(connection, [city_code]).get(city_code)


def turn(store: Store, run_id: str, city_code: str, waited_for: str) -> Turn:
    """Take a city's lease that another run held, or that run's result if it published one, or learn who has it now."""
    with store.writing(lock="runs") as connection:
        reap(connection)
        seqs = _seqs(connection, (run_id, waited_for))
        held_by = _holders(connection, [city_code]).get(city_code)
        if held_by is not None:
            return Turn() if held_by == run_id else Turn(holder=held_by)
        if _published(connection, seqs[waited_for], city_code):
            city = tables.run_cities
            mine = sa.update(city).where(city.c.run_seq == seqs[run_id], city.c.city_code == city_code)
            connection.execute(mine.values(served_by=seqs[waited_for]))
            return Turn(served_by=waited_for)
        take(connection, seqs[run_id], [city_code])
        return Turn()


def busy(connection: sa.Connection, codes: Iterable[str]) -> dict[str, str]:
    """Return, of these cities, those a living run is at work on, with that run's id; dead runs are closed first."""
    reap(connection)
    return _holders(connection, list(codes))


def at_work(connection: sa.Connection) -> list[str]:
    """Return the runs that are under way, after the dead ones were closed."""
    reap(connection)
    return list(connection.scalars(sa.select(_RUN.run_id).where(_RUN.status == Status.RUNNING.value)))


def take(connection: sa.Connection, run_seq: int, codes: Iterable[str]) -> None:
    """Enter a run as the one at work on cities that nobody works on."""
    now = database_now(connection)
    rows = [{"city_code": code, "run_seq": run_seq, "taken_at": now} for code in codes]
    if rows:
        connection.execute(sa.insert(tables.city_leases), rows)


def release(connection: sa.Connection, run_seq: int, city_code: str | None = None) -> None:
    """Give back a run's lease of a city, or of all its cities."""
    mine = sa.delete(tables.city_leases).where(_LEASE.run_seq == run_seq)
    connection.execute(mine if city_code is None else mine.where(_LEASE.city_code == city_code))


def reap(connection: sa.Connection) -> list[str]:
    """Close every run whose process is gone or whose lease has expired as 中断, free its cities, return the run ids."""
    now = database_now(connection)
    running = sa.select(_RUN.seq, _RUN.run_id, _RUN.host, _RUN.pid, _RUN.process, _RUN.lease_until)
    reaped = []
    for row in connection.execute(running.where(_RUN.status == Status.RUNNING.value)).mappings().all():
        if not is_dead(row, now):
            continue
        seen = _RUN.lease_until.is_(None) if row["lease_until"] is None else _RUN.lease_until == row["lease_until"]
        mine = sa.update(tables.runs).where(_RUN.seq == row["seq"], _RUN.status == Status.RUNNING.value, seen)
        error = f"中断：主机 {row['host']} 上的进程 {row['pid']} 没有结束这次运行就消失了，由之后的运行代为关闭"
        end = {"status": Status.ABANDONED.value, "finished_at": now, "lease_until": None, "error": error}
        if connection.execute(mine.values(**end)).rowcount == 1:
            release(connection, row["seq"])
            reaped.append(str(row["run_id"]))
    return reaped


def is_dead(run: Mapping[str, Any] | sa.RowMapping, now: datetime) -> bool:
    """Return whether nobody works on a running run any more, at a moment of the database's clock.

    A lease longer than any that was ever given was written before the clock jumped back: it says nothing.
    """
    gone = is_gone(run["pid"], run["process"])
    if gone is not None:
        return gone
    until: datetime | None = run["lease_until"]
    return until is None or not now <= until <= now + 2 * LEASE


def _holders(connection: sa.Connection, codes: list[str]) -> dict[str, str]:
    now = database_now(connection)
    held = (
        sa.select(_LEASE.city_code, _RUN.run_id, _RUN.pid, _RUN.process, _RUN.lease_until)
        .join(tables.runs, _RUN.seq == _LEASE.run_seq)
        .where(_LEASE.city_code.in_(codes), _RUN.status == Status.RUNNING.value)
    )
    rows = connection.execute(held).mappings()
    return {str(row["city_code"]): str(row["run_id"]) for row in rows if not is_dead(row, now)}


def _seqs(connection: sa.Connection, run_ids: Iterable[str]) -> dict[str, int]:
    found = connection.execute(sa.select(_RUN.run_id, _RUN.seq).where(_RUN.run_id.in_(list(run_ids))))
    return {run_id: seq for run_id, seq in found}  # noqa: C416 - a row is no pair for dict()


def _published(connection: sa.Connection, run_seq: int, city_code: str) -> bool:
    verdict = tables.verdicts.c
    found = sa.select(verdict.run_seq).where(verdict.run_seq == run_seq, verdict.city_code == city_code)
    return connection.scalar(found) is not None
