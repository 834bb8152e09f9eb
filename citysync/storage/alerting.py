"""The alert ledger: what stands open, what a night changed, all in one transaction, once per run."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from citysync.domain.alert import Alert, Change, Entry, Key, Kind, Silence, Step, Told
from citysync.domain.errors import StorageError
from citysync.domain.verdict import Fault
from citysync.storage import audit, tables
from citysync.storage.audit import Deed
from citysync.storage.engine import Store
from citysync.storage.leases import Status
from citysync.storage.runs import seq_of

_ALERT = tables.alerts.c
_RUN = tables.runs.c
_MAIL = tables.mail.c
_OPEN = _ALERT.closed_on.is_(None)


def unannounced(store: Store) -> list[dict[str, Any]]:
    """Return the closed runs whose alerts nobody has decided yet, in their order; replays are nobody's night."""
    told = sa.select(tables.announced_runs.c.run_id)
    query = (
        sa.select(_RUN.run_id, _RUN.business_date, _RUN.trigger, _RUN.status, _RUN.error, _RUN.started_at)
        .where(_RUN.status != Status.RUNNING.value, _RUN.trigger != "replay", _RUN.run_id.not_in(told))
        .order_by(_RUN.seq)
    )
    with store.reading() as connection:
        return [dict(row) for row in connection.execute(query).mappings()]


def open_alerts(store: Store) -> list[Alert]:
    """Return every open alert, oldest first."""
    with store.reading() as connection:
        rows = connection.execute(sa.select(tables.alerts).where(_OPEN).order_by(_ALERT.seq)).mappings()
        return [_alert(dict(row)) for row in rows]


def listed(store: Store, city_code: str | None = None, *, closed: bool = False) -> list[dict[str, Any]]:
    """Return alerts as rows, newest first; those closed too where asked for."""
    query = sa.select(tables.alerts).where(sa.true() if closed else _OPEN).order_by(_ALERT.seq.desc())
    if city_code is not None:
        query = query.where(_ALERT.city_code == city_code)
    with store.reading() as connection:
        return [dict(row) for row in connection.execute(query).mappings()]


def numbers(store: Store, on: date) -> set[str]:
    """Return the numbers given to alerts on a business date."""
    with store.reading() as connection:
        return set(connection.scalars(sa.select(_ALERT.alert_id).where(_ALERT.opened_on == on)))


def silences(store: Store, on: date) -> list[Silence]:
    """Return the silences that hold on a day."""
    table = tables.silences.c
    with store.reading() as connection:
        rows = connection.execute(sa.select(tables.silences).where(table.until >= on).order_by(table.seq)).mappings()
        return [Silence(row["city_code"], row["until"], row["reason"], row["owner"]) for row in rows]


def apply(
    store: Store, run_id: str | None, on: date, steps: Sequence[Step], entries: Sequence[Entry], now: datetime
) -> bool:
    """Write down what a run changed and what is to be told of it, whole, once; return False if it was there already.

    What follows the run's verdicts (the outbox) is done with this. ``run_id`` None: the watchdog speaks, of no run.
    """
    with store.writing(lock="alerts") as connection:
        if run_id is not None and not _first(connection, run_id, now):
            return False
        queued = {entry.alert_id for entry in entries}
        for step in steps:
            _record(connection, step, run_id or "", on, queued=step.alert.alert_id in queued)
        for entry in entries:
            connection.execute(sa.insert(tables.mail), _mail(entry))
        return True


def acknowledge(store: Store, alert_id: str, until: date, reason: str, who: str, now: datetime) -> None:
    """Note that somebody has taken an alert on, until a day; raise ``StorageError`` for one that is not open."""
    after = {"until": until.isoformat(), "reason": reason}
    with store.writing() as connection:
        mine = sa.update(tables.alerts).where(_ALERT.alert_id == alert_id, _OPEN)
        if connection.execute(mine.values(ack_until=until)).rowcount != 1:
            raise StorageError(f"没有编号为 {alert_id} 的未了结告警；运行 citysync alerts list 查看")
        audit.record(connection, Deed(who, "acknowledge", f"alert:{alert_id}", after=after), now)


def silence(store: Store, wanted: Silence, now: datetime) -> None:
    """Keep a city's alerts untold until a day, and write down by whom and why."""
    row = {"city_code": wanted.city_code, "until": wanted.until, "reason": wanted.reason, "owner": wanted.owner}
    after = {"until": wanted.until.isoformat(), "reason": wanted.reason, "owner": wanted.owner}
    with store.writing() as connection:
        connection.execute(sa.insert(tables.silences), {**row, "created_at": now})
        audit.record(connection, Deed(audit.os_user(), "silence", f"city:{wanted.city_code}", after=after), now)


def skip(store: Store, run_ids: Sequence[str], now: datetime) -> None:
    """Hold runs for announced without a word: they are too old for anybody to act on."""
    with store.writing(lock="alerts") as connection:
        for run_id in run_ids:
            _first(connection, run_id, now)


def _first(connection: sa.Connection, run_id: str, now: datetime) -> bool:
    seen = sa.select(tables.announced_runs.c.run_id).where(tables.announced_runs.c.run_id == run_id)
    if connection.scalar(seen) is not None:
        return False
    connection.execute(sa.insert(tables.announced_runs), {"run_id": run_id, "announced_at": now})
    outbox = tables.outbox.c
    connection.execute(
        sa.update(tables.outbox)
        .where(outbox.run_seq == seq_of(connection, run_id), outbox.done_at.is_(None))
        .values(done_at=now)
    )
    return True


def _record(connection: sa.Connection, step: Step, run_id: str, on: date, *, queued: bool) -> None:
    alert = step.alert
    if step.closes:
        closing = sa.update(tables.alerts).where(_ALERT.alert_id == alert.alert_id, _OPEN)
        connection.execute(closing.values(closed_on=on, closed_run=run_id))
        unsent = sa.delete(tables.mail).where(_MAIL.alert_id == alert.alert_id, _MAIL.sent_at.is_(None))
        connection.execute(unsent.where(_MAIL.claimed_by.is_(None)))
        return
    told = Told.QUEUED if queued and alert.told is Told.NO else alert.told
    row = {**_row(alert), "told": told.value}
    known = connection.scalar(sa.select(_ALERT.seq).where(_ALERT.alert_id == alert.alert_id))
    if step.change is Change.OPENED and known is None:
        connection.execute(sa.insert(tables.alerts), {**row, "opened_run": run_id})
    else:
        connection.execute(sa.update(tables.alerts).where(_ALERT.seq == known).values(**row))


def _row(alert: Alert) -> dict[str, Any]:
    return {
        "alert_id": alert.alert_id,
        "city_code": alert.key.city_code,
        "kind": alert.key.kind.value,
        "fault": alert.key.fault.value,
        "opened_on": alert.opened_on,
        "level": alert.level,
        "ack_until": alert.ack_until,
        "repeated_on": alert.repeated_on,
    }


def _alert(row: dict[str, Any]) -> Alert:
    return Alert(
        alert_id=row["alert_id"],
        key=Key(row["city_code"], Kind(row["kind"]), Fault(row["fault"])),
        opened_on=row["opened_on"],
        told=Told(row["told"]),
        level=row["level"],
        ack_until=row["ack_until"],
        repeated_on=row["repeated_on"],
    )


def _mail(entry: Entry) -> dict[str, Any]:
    return {
        "channel": entry.channel,
        "alert_id": entry.alert_id,
        "change": entry.change.value,
        "run_id": entry.run_id,
        "city_code": entry.city_code,
        "title": entry.title,
        "body": entry.body,
        "urgent": entry.urgent,
        "not_before": entry.not_before,
        "attempts": 0,
        "dead": False,
    }
