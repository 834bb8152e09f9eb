"""Appeals in the ledger: what a city says against a finding, audited when it is said, read by the province."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from citysync.domain.life import IDENTITY
from citysync.storage import audit, tables
from citysync.storage.audit import Deed
from citysync.storage.engine import Store
from citysync.storage.reading import Row, rows_of

_APPEAL = tables.appeals.c


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


def listed(store: Store, city_code: str | None = None, limit: int = 200) -> list[Row]:
    """Return the last appeals, of a city or of all, newest first."""
    query = sa.select(tables.appeals).order_by(_APPEAL.serial.desc()).limit(limit)
    if city_code is not None:
        query = query.where(_APPEAL.city_code == city_code)
    with store.reading() as connection:
        return rows_of(connection, query)
