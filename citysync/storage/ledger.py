"""Runs and what they publish: one verdict per city and run, with its findings and evidence, whole or not at all."""

from __future__ import annotations

import os
import secrets
import socket
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from citysync.domain.errors import StorageError
from citysync.domain.findings import FINDINGS, REJECTIONS
from citysync.domain.outcome import CityRun
from citysync.domain.run import Run
from citysync.domain.snapshot import Snapshot
from citysync.domain.verdict import State, Verdict
from citysync.storage import tables
from citysync.storage.engine import Store
from citysync.storage.frames import slices
from citysync.storage.pages import write_snapshot
from citysync.storage.translate import Disconnected


class Status(StrEnum):
    """How far a run is."""

    RUNNING = "running"
    FINISHED = "finished"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Published:
    """What publishing changed. ``new`` is False if this run had published the city before: nothing was changed.

    ``before``: the state the run before left the city in, None for a city never judged; ``since``: the moment from
    which it has been in its present state without a break.
    """

    new: bool
    before: State | None
    since: datetime


def new_run_id(now: datetime, salt: str | None = None) -> str:
    """Return an id that sorts by time and is unique within a second: ``20261123T173000-a1b2c3`` (UTC)."""
    return f"{now.astimezone(UTC):%Y%m%dT%H%M%S}-{secrets.token_hex(3) if salt is None else salt}"


def start_run(
    store: Store, run: Run, cities: Sequence[tuple[str, str]], *, lease_until: datetime | None = None
) -> None:
    """Enter a run and the cities it sets out to judge, (code, name) in the order people read them."""
    with store.writing() as connection:
        facts = {**asdict(run), "trigger": run.trigger.value, "status": Status.RUNNING.value}
        here = {"host": socket.gethostname(), "pid": os.getpid()}
        lease = {"heartbeat_at": run.started_at, "lease_until": lease_until}
        connection.execute(sa.insert(tables.runs), {**facts, **here, **lease})
        seq = _seq(connection, run.run_id)
        rows = [
            {"run_seq": seq, "city_code": code, "city_name": name, "position": position}
            for position, (code, name) in enumerate(cities, start=1)
        ]
        if rows:
            connection.execute(sa.insert(tables.run_cities), rows)


def finish_run(store: Store, run_id: str, finished_at: datetime) -> None:
    """Close a run that came to its end, whatever the cities' states."""
    _close(store, run_id, {"status": Status.FINISHED.value, "finished_at": finished_at, "lease_until": None})


def fail_run(store: Store, run_id: str, finished_at: datetime, error: str) -> None:
    """Close a run that our side broke off; ``error`` is shown to operators and holds no secret.

    What it published stays: those cities were judged. Nothing more can be published under it.
    """
    end = {"status": Status.FAILED.value, "finished_at": finished_at, "lease_until": None, "error": error}
    _close(store, run_id, end)


def publish(store: Store, run: Run, city_run: CityRun, folder: Path) -> Published:
    """Publish what a run learned about a city, in one transaction, exactly once.

    ``folder``: where snapshots are kept; the file is written before the transaction that names it. Publishing the same
    city again under the same run changes nothing. Raises ``StorageError`` for a run that is unknown, closed or did not
    set out to judge the city, and for whatever database and disk refuse; then nothing is published.
    """
    if city_run.verdict.run_id != run.run_id:
        raise ValueError(f"a verdict of run {city_run.verdict.run_id} cannot be published under {run.run_id}")
    path = None
    if city_run.snapshot is not None:
        path = write_snapshot(folder, city_run.snapshot).relative_to(folder).as_posix()
    try:
        return _publish(store, run.run_id, city_run, path)
    except Disconnected:  # a server that restarted kept all or nothing; both are safe to try again
        return _publish(store, run.run_id, city_run, path)


def amend(store: Store, run_id: str, verdicts: Sequence[Verdict]) -> None:
    """Replace state, axes and reasons of verdicts a run has published, in one transaction, while it is still running.

    For what only the whole night shows: that many cities' failures are one incident of ours. Counts and evidence stay.
    """
    table = tables.verdicts
    with store.writing() as connection:
        seq = _seq(connection, run_id)
        _refuse_closed(connection, run_id)
        for verdict in verdicts:
            since = _transition(_verdict_before(connection, seq, verdict.city_code), verdict).since
            row = table.update().where(table.c.run_seq == seq, table.c.city_code == verdict.city_code)
            connection.execute(row.values(since=since, **_said(verdict)))


def _publish(store: Store, run_id: str, city_run: CityRun, path: str | None) -> Published:
    verdict = city_run.verdict
    with store.writing(lock=f"city:{verdict.city_code}") as connection:
        seq = _enrolled_seq(connection, run_id, verdict.city_code)
        before = _verdict_before(connection, seq, verdict.city_code)
        published = _transition(before, verdict)
        known = _known(connection, seq, verdict.city_code)
        if known is not None:
            return Published(new=False, before=published.before, since=known)
        _refuse_closed(connection, run_id)
        connection.execute(sa.insert(tables.verdicts), _verdict_row(seq, city_run, published.since))
        for table, rows in _attachments(city_run, path, {"run_seq": seq, "city_code": verdict.city_code}):
            connection.execute(sa.insert(table), rows)
    return published


def _transition(before: sa.Row[Any] | None, verdict: Verdict) -> Published:
    if before is None:
        return Published(new=True, before=None, since=verdict.judged_at)
    state = State(before.state)
    return Published(new=True, before=state, since=before.since if state is verdict.state else verdict.judged_at)


def _attachments(
    city_run: CityRun, path: str | None, owner: dict[str, int | str]
) -> Iterator[tuple[sa.Table, list[dict[str, Any]]]]:
    """Yield the rows that hang on a verdict, a slice at a time."""
    for table, frame, keys in (
        (tables.findings, city_run.findings, FINDINGS),
        (tables.rejections, city_run.rejected, REJECTIONS),
    ):
        for rows in slices(frame.with_row_index("position", offset=1), ("position", *keys), **owner):
            yield table, rows
    if city_run.pages:
        pages = enumerate(city_run.pages, start=1)
        yield tables.pages, [{**owner, **asdict(page), "position": position} for position, page in pages]
    if city_run.snapshot is not None and path is not None:
        yield tables.snapshots, [{**owner, **_snapshot_row(city_run.snapshot, path, adopted=city_run.adopted)}]


def _verdict_row(seq: int, city_run: CityRun, since: datetime) -> dict[str, Any]:
    verdict, snapshot = city_run.verdict, city_run.snapshot
    return {
        "run_seq": seq,
        "city_code": verdict.city_code,
        "since": since,
        "judged_at": verdict.judged_at,
        "grade": verdict.grade,
        **_said(verdict),
        "counts": verdict.counts.as_dict(),
        "certificate": None if snapshot is None else asdict(snapshot.certificate),
        "validated": verdict.counts.received > 0,
        "adopted": city_run.adopted,
    }


def _said(verdict: Verdict) -> dict[str, Any]:
    """Return what people read of a verdict: state, axes, reasons."""
    return {
        "state": verdict.state.value,
        "axes": {axis.value: standing.word for axis, standing in verdict.axes.items()},
        "reasons": [{**asdict(reason), "standing": reason.standing.word} for reason in verdict.reasons],
    }


def _snapshot_row(snapshot: Snapshot, path: str, *, adopted: bool) -> dict[str, Any]:
    return {
        "path": path,
        "rows": snapshot.rows.height,
        "taken_at": snapshot.taken_at,
        "source_changed_at": snapshot.source_changed_at,
        "adopted": adopted,
    }


def _verdict_before(connection: sa.Connection, seq: int, city_code: str) -> sa.Row[Any] | None:
    verdicts = tables.verdicts.c
    return connection.execute(
        sa.select(verdicts.state, verdicts.since)
        .where(verdicts.city_code == city_code, verdicts.run_seq < seq)
        .order_by(verdicts.run_seq.desc())
        .limit(1)
    ).first()


def _known(connection: sa.Connection, seq: int, city_code: str) -> datetime | None:
    verdicts = tables.verdicts.c
    since: datetime | None = connection.scalar(
        sa.select(verdicts.since).where(verdicts.run_seq == seq, verdicts.city_code == city_code)
    )
    return since


def _seq(connection: sa.Connection, run_id: str) -> int:
    seq: int | None = connection.scalar(sa.select(tables.runs.c.seq).where(tables.runs.c.run_id == run_id))
    if seq is None:
        raise StorageError(f"台账里没有运行 {run_id}；请先登记运行，再写入结果")
    return seq


def _enrolled_seq(connection: sa.Connection, run_id: str, city_code: str) -> int:
    seq = _seq(connection, run_id)
    cities = tables.run_cities.c
    if (
        connection.scalar(sa.select(cities.position).where(cities.run_seq == seq, cities.city_code == city_code))
        is None
    ):
        raise StorageError(f"运行 {run_id} 没有登记城市 {city_code}，不能写入它的结果")
    return seq


def _refuse_closed(connection: sa.Connection, run_id: str) -> None:
    """Refuse a late child of a run that was closed; the lock on the row makes closing wait until we are done."""
    runs = tables.runs.c
    status = connection.scalar(sa.select(runs.status).where(runs.run_id == run_id).with_for_update(read=True))
    if status != Status.RUNNING.value:
        raise StorageError(f"运行 {run_id} 已结束（{status}），不能再写入结果；请重新运行 citysync sync")


def _close(store: Store, run_id: str, end: dict[str, Any]) -> None:
    runs = tables.runs.c
    with store.writing() as connection:
        _seq(connection, run_id)
        running = sa.update(tables.runs).where(runs.run_id == run_id, runs.status == Status.RUNNING.value)
        if connection.execute(running.values(**end)).rowcount != 1:
            raise StorageError(f"运行 {run_id} 早已结束，不能再次结束；请检查是否有两个进程在处理同一次运行")
