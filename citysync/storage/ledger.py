"""Runs and what they publish: one verdict per city and run, with its findings and evidence, whole or not at all."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from citysync.domain.effort import Effort
from citysync.domain.errors import StorageError
from citysync.domain.findings import FINDINGS, REJECTIONS
from citysync.domain.kept_rows import KeptRows
from citysync.domain.outcome import TALLIES, CityRun
from citysync.domain.run import Run
from citysync.domain.snapshot import Snapshot
from citysync.domain.verdict import State, Verdict
from citysync.storage import efforts, leases, life, outbox, receipt_outbox, tables
from citysync.storage.engine import Store
from citysync.storage.frames import slices
from citysync.storage.identity import note_proposals
from citysync.storage.kept import write_snapshot_and_hashes
from citysync.storage.leases import Status
from citysync.storage.runs import cancel_run, fail_run, finish_run, new_run_id, refuse_closed, seq_of, start_run
from citysync.storage.said import said, whole
from citysync.storage.translate import Disconnected

__all__ = [
    "Published",
    "Status",
    "amend",
    "cancel_run",
    "fail_run",
    "finish_run",
    "new_run_id",
    "publish",
    "start_run",
]


@dataclass(frozen=True, slots=True)
class Published:
    """What publishing changed. ``new`` is False if this run had published the city before: nothing was changed.

    ``before``: the state the run before left the city in, None for a city never judged; ``since``: the moment from
    which it has been in its present state without a break.
    """

    new: bool
    before: State | None
    since: datetime


def publish(
    store: Store,
    run: Run,
    city_run: CityRun,
    folder: Path,
    *,
    tape: str | None = None,
    receipts: Iterable[str] = (),
    effort: Callable[[], Effort] | None = None,
    last: KeptRows | None = None,
) -> Published:
    """Publish what a run learned about a city, in one transaction, exactly once: what follows it, and the lease, too.

    ``folder``: where snapshots are kept; the file is written before the transaction that names it. ``tape``: the
    SHA-256 of what the walk heard, kept among the pages; ``receipts``: the ways by which the city wants to hear of it;
    ``effort``: what the walk has cost, asked for last, so that publishing itself is counted; ``last``: the snapshot in
    force before, of which little may differ.
    Publishing the same city again under the same run changes nothing. Raises ``StorageError`` for a run that is
    unknown, closed or did not set out to judge the city, and for whatever database and disk refuse; then nothing is
    published.
    """
    if city_run.verdict.run_id != run.run_id:
        raise ValueError(f"a verdict of run {city_run.verdict.run_id} cannot be published under {run.run_id}")
    path = None
    if city_run.snapshot is not None:
        path = write_snapshot_and_hashes(folder, city_run.snapshot, last).relative_to(folder).as_posix()
    try:
        return _publish(store, run, city_run, path, tape, tuple(receipts), effort)
    except Disconnected:  # a server that restarted kept all or nothing; both are safe to try again
        return _publish(store, run, city_run, path, tape, tuple(receipts), effort)


def amend(store: Store, run_id: str, verdicts: Sequence[Verdict]) -> None:
    """Replace state, axes and reasons of verdicts a run has published, in one transaction, while it is still running.

    For what only the whole night shows: that many cities' failures are one incident of ours. Counts and evidence stay.
    """
    table = tables.verdicts
    with store.writing() as connection:
        seq = seq_of(connection, run_id)
        refuse_closed(connection, run_id)
        for verdict in verdicts:
            change = _transition(_verdict_before(connection, seq, verdict.city_code), verdict)
            row = table.update().where(table.c.run_seq == seq, table.c.city_code == verdict.city_code)
            connection.execute(row.values(since=change.since, **said(verdict)))
            _announce(connection, seq, verdict, change)


def _publish(
    store: Store,
    run: Run,
    city_run: CityRun,
    path: str | None,
    tape: str | None,
    receipts: Sequence[str],
    effort: Callable[[], Effort] | None,
) -> Published:
    verdict, run_id = city_run.verdict, run.run_id
    code = verdict.city_code
    with store.writing(lock=f"city:{code}") as connection:
        seq = _enrolled_seq(connection, run_id, code)
        owner: dict[str, int | str] = {"run_seq": seq, "city_code": code}
        before = _verdict_before(connection, seq, code)
        published = _transition(before, verdict)
        known = _known(connection, seq, code)
        if known is not None:
            return Published(new=False, before=published.before, since=known)
        refuse_closed(connection, run_id)
        connection.execute(sa.insert(tables.verdicts), _verdict_row(seq, city_run, published.since))
        carry = life.carried(connection, run, city_run)
        days = life.first_days(connection, seq, run, city_run, carry)
        for table, rows in _attachments(city_run, days, path, owner):
            connection.execute(sa.insert(table), rows)
        if tape is not None:
            connection.execute(sa.insert(tables.tapes), {**owner, "sha256": tape, "verdict": whole(verdict)})
        life.advance(connection, seq, run, city_run, carry)
        _announce(connection, seq, verdict, published)
        if verdict.state is not State.NOT_SYNCED:  # whose fault that is, only the whole night shows
            leases.release(connection, seq, code)
        note_proposals(connection, seq, city_run)
        if (
            verdict.counts.received > 0
        ):  # rows were looked at: there is something to tell of them, if only that all is well
            receipt_outbox.write(connection, seq, code, receipts)
        if effort is not None:
            connection.execute(sa.insert(tables.efforts), {**owner, **efforts.row_of(effort())})
    return published


def _announce(connection: sa.Connection, seq: int, verdict: Verdict, change: Published) -> None:
    before = None if change.before is None else change.before.value
    row = {"before": before, "after": verdict.state.value, "since": change.since}
    outbox.write(connection, seq, verdict.city_code, row)


def _transition(before: sa.Row[Any] | None, verdict: Verdict) -> Published:
    if before is None:
        return Published(new=True, before=None, since=verdict.judged_at)
    state = State(before.state)
    return Published(new=True, before=state, since=before.since if state is verdict.state else verdict.judged_at)


def _attachments(
    city_run: CityRun, days: life.FirstDays, path: str | None, owner: dict[str, int | str]
) -> Iterator[tuple[sa.Table, list[dict[str, Any]]]]:
    """Yield the rows that hang on a verdict, a slice at a time."""
    for table, frame, keys in (
        (tables.findings, city_run.findings.with_columns(days.findings), (*FINDINGS, days.findings.name)),
        (tables.rejections, city_run.rejected.with_columns(days.rejected), (*REJECTIONS, days.rejected.name)),
        (tables.tallies, city_run.tallies, TALLIES),
    ):
        for rows in slices(frame.with_row_index("position", offset=1), ("position", *keys), **owner):
            yield table, rows
    if city_run.uses:
        uses = enumerate(city_run.uses, start=1)
        taken = [{"position": place, "approval": use.serial, "amount": use.amount} for place, use in uses]
        yield tables.approval_uses, [{**owner, **row} for row in taken]
    if city_run.pages:
        pages = enumerate(city_run.pages, start=1)
        yield tables.pages, [{**owner, **page.as_dict(), "position": position} for position, page in pages]
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
        **said(verdict),
        "counts": verdict.counts.as_dict(),
        "certificate": None if snapshot is None else asdict(snapshot.certificate),
        "validated": verdict.counts.received > 0,
        "adopted": city_run.adopted,
    }


def _snapshot_row(snapshot: Snapshot, path: str, *, adopted: bool) -> dict[str, Any]:
    return {
        "path": path,
        "rows": snapshot.rows.height,
        "taken_at": snapshot.taken_at,
        "source_changed_at": snapshot.source_changed_at,
        "adopted": adopted,
        "content": snapshot.content,
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


def _enrolled_seq(connection: sa.Connection, run_id: str, city_code: str) -> int:
    seq = seq_of(connection, run_id)
    cities = tables.run_cities.c
    if (
        connection.scalar(sa.select(cities.position).where(cities.run_seq == seq, cities.city_code == city_code))
        is None
    ):
        raise StorageError(f"运行 {run_id} 没有登记城市 {city_code}，不能写入它的结果")
    return seq
