"""What alerts need to know of a run: each city's last states, what was found where, which snapshot is in force."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from citysync.domain.verdict import State
from citysync.storage import tables
from citysync.storage.engine import Store

_RUN = tables.runs.c
_VERDICT = tables.verdicts.c
_FINDING = tables.findings.c
_SNAPSHOT = tables.snapshots.c
Row = dict[str, Any]


def history(store: Store, city_code: str, run_id: str, limit: int = 7) -> list[Row]:
    """Return a city's verdicts up to a run, oldest first (state, adopted, counts), unjudged nights left out."""
    query = (
        sa.select(_VERDICT.state, _VERDICT.adopted, _VERDICT.counts)
        .where(_VERDICT.city_code == city_code, _VERDICT.run_seq <= _seq(run_id), _VERDICT.state != State.UNKNOWN.value)
        .order_by(_VERDICT.run_seq.desc())
        .limit(limit)
    )
    with store.reading() as connection:
        return [dict(row) for row in connection.execute(query).mappings()][::-1]


def in_force(store: Store, city_code: str, run_id: str) -> Row | None:
    """Return the snapshot in force after a run: business_date and rows; None if there is none."""
    query = (
        sa.select(_RUN.business_date, _SNAPSHOT.rows)
        .join(tables.runs, _RUN.seq == _SNAPSHOT.run_seq)
        .where(_SNAPSHOT.city_code == city_code, _SNAPSHOT.adopted, _SNAPSHOT.run_seq <= _seq(run_id))
        .order_by(_SNAPSHOT.run_seq.desc())
        .limit(1)
    )
    with store.reading() as connection:
        row = connection.execute(query).mappings().first()
    return None if row is None else dict(row)


def counted(store: Store, city_code: str, run_id: str, column: str) -> list[tuple[str | None, int]]:
    """Return how many errors of a run have each value of a column (check, areacode), most first."""
    value = _FINDING[column]
    query = (
        sa.select(value, sa.func.count())
        .where(_FINDING.city_code == city_code, _FINDING.run_seq == _seq(run_id), _FINDING.severity == "error")
        .group_by(value)
        .order_by(sa.func.count().desc(), value)
    )
    with store.reading() as connection:
        return [(key, int(count)) for key, count in connection.execute(query)]


def _seq(run_id: str) -> sa.ScalarSelect[Any]:
    return sa.select(_RUN.seq).where(_RUN.run_id == run_id).scalar_subquery()
