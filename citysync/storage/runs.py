"""A run from its start to its end: entered with the cities it sets out to judge and their leases, closed once."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from citysync.domain.errors import StorageError
from citysync.domain.run import Run
from citysync.storage import leases, tables
from citysync.storage.engine import Store
from citysync.storage.leases import LEASE, Busy, Status
from citysync.storage.process import here


def new_run_id(now: datetime, salt: str | None = None) -> str:
    """Return an id that sorts by time and is unique within a second: ``20261123T173000-a1b2c3`` (UTC)."""
    return f"{now.astimezone(UTC):%Y%m%dT%H%M%S}-{secrets.token_hex(3) if salt is None else salt}"


def start_run(store: Store, run: Run, cities: Sequence[tuple[str, str]], *, wait: bool = True) -> dict[str, str]:
    """Enter a run and the cities it sets out to judge, (code, name) in the order people read them, and lease them.

    Runs that died are closed first. Returns the cities another living run is at work on, with that run's id: this run
    has to wait for them. Without ``wait`` such a city raises ``Busy``, and nothing is entered.
    """
    with store.writing(lock="runs") as connection:
        busy = leases.busy(connection, [code for code, _ in cities])
        if busy and not wait:
            raise refused(dict(cities), busy)
        seq = _enter(connection, run)
        rows = [
            {"run_seq": seq, "city_code": code, "city_name": name, "position": position}
            for position, (code, name) in enumerate(cities, start=1)
        ]
        if rows:
            connection.execute(sa.insert(tables.run_cities), rows)
        leases.take(connection, seq, [code for code, _ in cities if code not in busy])
    return busy


def refused(names: Mapping[str, str], busy: Mapping[str, str]) -> Busy:
    """Return the refusal of somebody who would not wait."""
    at_work = "；".join(f"{names[code]} 正在由 run {run_id} 处理" for code, run_id in busy.items())
    return Busy(f"{at_work}；请稍后再试，或不带 --no-wait 等待它的结果")


def finish_run(store: Store, run_id: str, finished_at: datetime, *, note: str | None = None) -> None:
    """Close a run that came to its end, whatever the cities' states; ``note`` says what was odd about it as a whole."""
    _close(store, run_id, {"status": Status.FINISHED.value, "finished_at": finished_at, "note": note})


def fail_run(store: Store, run_id: str, finished_at: datetime, error: str) -> None:
    """Close a run that our side broke off; ``error`` is shown to operators and holds no secret.

    What it published stays: those cities were judged. Nothing more can be published under it.
    """
    _close(store, run_id, {"status": Status.FAILED.value, "finished_at": finished_at, "error": error})


def cancel_run(store: Store, run_id: str, finished_at: datetime) -> None:
    """Close a run that a person or the system asked to stop; what it published stays."""
    _close(store, run_id, {"status": Status.CANCELLED.value, "finished_at": finished_at, "error": "已取消"})


def seq_of(connection: sa.Connection, run_id: str) -> int:
    """Return a run's place in the order of runs; raise ``StorageError`` for one the ledger does not know."""
    seq: int | None = connection.scalar(sa.select(tables.runs.c.seq).where(tables.runs.c.run_id == run_id))
    if seq is None:
        raise StorageError(f"台账里没有运行 {run_id}；请先登记运行，再写入结果")
    return seq


def refuse_closed(connection: sa.Connection, run_id: str) -> None:
    """Refuse a late child of a run that was closed; the lock on the row makes closing wait until we are done."""
    runs = tables.runs.c
    status = connection.scalar(sa.select(runs.status).where(runs.run_id == run_id).with_for_update(read=True))
    if status != Status.RUNNING.value:
        raise StorageError(f"运行 {run_id} 已结束（{status}），不能再写入结果；请重新运行 citysync sync")


def _enter(connection: sa.Connection, run: Run) -> int:
    now, process = leases.database_now(connection), here()
    facts = {**asdict(run), "trigger": run.trigger.value, "status": Status.RUNNING.value}
    at = {"host": process.host, "pid": process.pid, "process": process.mark}
    lease = {"heartbeat_at": now, "lease_until": now + LEASE}
    connection.execute(sa.insert(tables.runs), {**facts, **at, **lease})
    return seq_of(connection, run.run_id)


def _close(store: Store, run_id: str, end: dict[str, Any]) -> None:
    runs = tables.runs.c
    with store.writing() as connection:
        seq = seq_of(connection, run_id)
        running = sa.update(tables.runs).where(runs.run_id == run_id, runs.status == Status.RUNNING.value)
        if connection.execute(running.values(**end, lease_until=None)).rowcount != 1:
            raise StorageError(f"运行 {run_id} 早已结束，不能再次结束；请检查是否有两个进程在处理同一次运行")
        leases.release(connection, seq)
