"""Approvals in the ledger: given by a person, audited in the same transaction, read back as of a run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from citysync.domain.approval import Approval, Held
from citysync.storage import tables
from citysync.storage.audit import Deed, record
from citysync.storage.engine import Store
from citysync.storage.reading import Row, rows_of

_APPROVAL = tables.approvals.c
_USE = tables.approval_uses.c
_RUN = tables.runs.c


@dataclass(frozen=True, slots=True)
class Ceiling:
    """How much of one kind is approved; ``field`` for ``Held.CHANGED`` only."""

    kind: Held
    most: int
    field: str | None = None


def approve(
    store: Store, city_code: str, ceilings: Sequence[Ceiling], until: date, reason: str, who: str, now: datetime
) -> list[int]:
    """Keep a person's approval of a city's mass change, and its audit entry; return the serial of each ceiling."""
    with store.writing() as connection:
        after = connection.scalar(sa.select(sa.func.max(_RUN.seq))) or 0
        common = {"city_code": city_code, "until": until, "reason": reason, "approved_by": who}
        serials = []
        for each in ceilings:
            row = {**common, "kind": each.kind.value, "field": each.field, "ceiling": each.most}
            given = sa.insert(tables.approvals).values(**row, approved_at=now, after_seq=after)
            serials.append(int(connection.execute(given.returning(_APPROVAL.serial)).scalar_one()))
        record(connection, Deed(who, "approve", f"city:{city_code}", None, _document(ceilings, until, reason)), now)
    return serials


def approvals_before(store: Store, city_code: str, run_id: str) -> tuple[Approval, ...]:
    """Return what was approved for a city before a run, with what the runs before it took; expired ones too."""
    seq = sa.select(_RUN.seq).where(_RUN.run_id == run_id).scalar_subquery()
    earlier = sa.or_(seq.is_(None), _USE.run_seq < seq)
    spent = (
        sa.select(sa.func.coalesce(sa.func.sum(_USE.amount), 0))
        .where(_USE.approval == _APPROVAL.serial, earlier)
        .scalar_subquery()
    )
    query = (
        sa.select(tables.approvals, spent.label("spent"))
        .where(_APPROVAL.city_code == city_code, sa.or_(seq.is_(None), _APPROVAL.after_seq < seq))
        .order_by(_APPROVAL.serial)
    )
    with store.reading() as connection:
        return tuple(_approval(row) for row in connection.execute(query).mappings())


def approvals_used(store: Store, city_code: str, run_id: str) -> list[Row]:
    """Return what a night adopted by approval: serial, kind, field, amount, ceiling, until, reason, approved_by."""
    shown = (_APPROVAL[name] for name in ("serial", "kind", "field", "ceiling", "until", "reason", "approved_by"))
    query = (
        sa.select(*shown, _USE.amount)
        .join(tables.approval_uses, _USE.approval == _APPROVAL.serial)
        .join(tables.runs, _RUN.seq == _USE.run_seq)
        .where(_RUN.run_id == run_id, _USE.city_code == city_code)
        .order_by(_USE.position)
    )
    with store.reading() as connection:
        return rows_of(connection, query)


def _approval(row: sa.RowMapping) -> Approval:
    kind, field = Held(row["kind"]), row["field"]
    more = {"approved_by": row["approved_by"], "reason": row["reason"], "field": field}
    return Approval(row["serial"], kind, int(row["ceiling"]), int(row["spent"]), row["until"], **more)


def _document(ceilings: Sequence[Ceiling], until: date, reason: str) -> Row:
    told: list[Any] = [{"kind": each.kind.value, "ceiling": each.most, "field": each.field} for each in ceilings]
    return {"ceilings": told, "until": until.isoformat(), "reason": reason}
