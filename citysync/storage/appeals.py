"""Appeals in the ledger: what a city says against a finding and what the province answers, each audited when said."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from citysync.domain.appeal import Reply
from citysync.domain.carry import carry_of
from citysync.domain.errors import ConfigError
from citysync.domain.life import IDENTITY, identity_of
from citysync.storage import audit, tables
from citysync.storage.audit import Deed
from citysync.storage.engine import Store
from citysync.storage.identity import confirmed_for
from citysync.storage.reading import Listing, Row, rows_of

_APPEAL, _RUN = tables.appeals.c, tables.runs.c
_SHANGHAI = ZoneInfo("Asia/Shanghai")
_ANSWER = ("answer", "answer_reason", "handler", "answered_by")


def appeal(
    store: Store, city_code: str, run_id: str, found: Sequence[Mapping[str, Any]], reason: str, who: str, now: datetime
) -> int:
    """Keep an appeal against each of a run's findings, with one audit entry; return how many are new.

    A difference this city has appealed against for the same reason already is not kept again.
    """
    said = {"city_code": city_code, "reason": reason}
    with store.writing() as connection:
        mine = sa.select(*(_APPEAL[name] for name in IDENTITY)).where(
            _APPEAL.city_code == city_code, _APPEAL.reason == reason
        )
        known = {tuple(row) for row in connection.execute(mine)}
        new = {identity: None for row in found if (identity := tuple(row[name] for name in IDENTITY)) not in known}
        rows = [dict(zip(IDENTITY, identity, strict=True)) for identity in new]
        if rows:
            facts = {**said, "run_id": run_id, "appealed_by": who, "appealed_at": now}
            connection.execute(sa.insert(tables.appeals), [{**facts, **row} for row in rows])
            after = {"reason": reason, "findings": rows}
            audit.record(connection, Deed(who, "appeal", f"city:{city_code}", after=after, run_id=run_id), now)
    return len(rows)


def answer(store: Store, serials: Collection[int], reply: Reply, who: str, now: datetime) -> list[Row]:
    """Answer appeals, each with its audit entry, and return them as they stand then; no verdict is touched.

    An answer given before is replaced, and stays in the audit. Raises ``ConfigError``, answering none, where one of the
    numbers is no appeal.
    """
    chosen = sa.select(tables.appeals).where(_APPEAL.serial.in_(serials)).order_by(_APPEAL.serial)
    told = {"answer": reply.answer.value, "answer_reason": reply.reason, "handler": reply.handler, "answered_by": who}
    with store.writing(lock="appeals") as connection:
        known = rows_of(connection, chosen)
        missing = sorted(set(serials) - {row["serial"] for row in known})
        if missing or not known:
            named = "、".join(str(serial) for serial in missing)
            raise ConfigError(f"没有编号为 {named} 的申诉；请用 citysync appeals list 查看编号")
        mine = sa.update(tables.appeals).where(_APPEAL.serial.in_(serials))
        connection.execute(mine.values(**told, answered_at=now))
        for row in known:
            before = {name: row[name] for name in _ANSWER} if row["answer"] is not None else None
            deed = Deed(who, f"appeal {reply.answer}", f"appeal:{row['serial']}", before, told, row["run_id"])
            audit.record(connection, deed, now)
        return rows_of(connection, chosen)


def listed(store: Store, city_code: str | None = None, limit: int | None = 200, *, waiting: bool = False) -> list[Row]:
    """Return appeals, of a city or of all: those that wait for an answer first, then newest first.

    ``waiting``: those alone.
    """
    answered = sa.case((_APPEAL.answer.is_(None), 0), else_=1)
    query = sa.select(tables.appeals).order_by(answered, _APPEAL.serial.desc()).limit(limit)
    if city_code is not None:
        query = query.where(_APPEAL.city_code == city_code)
    if waiting:
        query = query.where(_APPEAL.answer.is_(None))
    with store.reading() as connection:
        return rows_of(connection, query)


def with_appeals(store: Store, city_code: str, listing: Listing) -> Listing:
    """Return a listing of findings with ``appeal`` beside each: the last against that difference, None without one.

    It is what is known now, whatever the run: an answer is to be seen the day it is given. Keys: ``serial``,
    ``reason``, ``appealed_on``, ``answer``, ``answer_reason``, ``handler``, ``answered_on``; who said it is left out.
    """
    if listing.run_id is None or not listing.rows:
        return listing
    with store.reading() as connection:
        said = rows_of(connection, sa.select(tables.appeals).where(_APPEAL.city_code == city_code))
        on = connection.scalar(sa.select(_RUN.business_date).where(_RUN.run_id == listing.run_id)) if said else None
        carry = carry_of(confirmed_for(connection, city_code, listing.run_id), on) if on else None
    if carry is None:
        return replace(listing, rows=tuple({**row, "appeal": None} for row in listing.rows))
    said.sort(key=lambda row: int(row["serial"]))
    last = {carry.row(IDENTITY, identity_of(row)): beside(row) for row in said}
    rows = ({**row, "appeal": last.get(carry.row(IDENTITY, identity_of(row)))} for row in listing.rows)
    return replace(listing, rows=tuple(rows))


def beside(row: Mapping[str, Any]) -> Row:
    """Return an appeal as it is shown beside its finding, its days those of the province."""
    told = {name: row[name] for name in ("serial", "reason", "answer", "answer_reason", "handler")}
    return {**told, "appealed_on": _day(row["appealed_at"]), "answered_on": _day(row["answered_at"])}


def _day(at: str | None) -> str | None:
    return None if at is None else datetime.fromisoformat(at).astimezone(_SHANGHAI).date().isoformat()
