"""Reading counts back, added up by whatever the reader groups by. Imports no frame library."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date
from typing import Any, Literal

import sqlalchemy as sa

from citysync.domain.run import Trigger
from citysync.domain.tallies import COUNTS
from citysync.storage import tables
from citysync.storage.engine import Store

Group = Literal["city_code", "areacode", "department"]
Row = dict[str, Any]

_RUN = tables.runs.c
_TALLY = tables.tallies.c
_VERDICT = tables.verdicts.c


def totals(
    store: Store, by: Sequence[Group] = ("city_code",), *, on: date | None = None, cities: Collection[str] | None = None
) -> list[Row]:
    """Return the counts of each city's last adopted run (as of a business date), added up by ``by``, in its order.

    A city whose directory was never adopted has no row: it is not counted as zero.
    """
    latest = _latest(on, cities)
    keys = [_TALLY[name] for name in by]
    chosen = sa.and_(latest.c.run_seq == _TALLY.run_seq, latest.c.city_code == _TALLY.city_code)
    counts = (sa.cast(sa.func.sum(_TALLY[name]), sa.BigInteger).label(name) for name in COUNTS)
    query = sa.select(*keys, *counts).join(latest, chosen).group_by(*keys).order_by(*keys)
    with store.reading() as connection:
        return [dict(row) for row in connection.execute(query).mappings()]


def counted_on(store: Store, *, on: date | None = None, cities: Collection[str] | None = None) -> list[Row]:
    """Return which run each city's counts come from (city_code, run_id, business_date, counts of its rows)."""
    latest = _latest(on, cities)
    chosen = sa.and_(latest.c.run_seq == _VERDICT.run_seq, latest.c.city_code == _VERDICT.city_code)
    query = (
        sa.select(_VERDICT.city_code, _RUN.run_id, _RUN.business_date, _VERDICT.counts)
        .join(latest, chosen)
        .join(tables.runs, _RUN.seq == _VERDICT.run_seq)
        .order_by(_VERDICT.city_code)
    )
    with store.reading() as connection:
        return [dict(row) for row in connection.execute(query).mappings()]


def nights(store: Store, since: date, on: date, cities: Collection[str] | None = None) -> list[Row]:
    """Return the verdicts of nightly runs from one business date to another, in the order of the runs.

    Keys: code, business_date, state, axes, adopted.
    """
    query = (
        sa.select(_VERDICT.city_code.label("code"), _RUN.business_date, _VERDICT.state, _VERDICT.axes, _VERDICT.adopted)
        .join(tables.runs, _RUN.seq == _VERDICT.run_seq)
        .where(_RUN.trigger == Trigger.NIGHTLY.value, _RUN.business_date.between(since, on))
        .where(sa.true() if cities is None else _VERDICT.city_code.in_(cities))
        .order_by(_RUN.seq)
    )
    with store.reading() as connection:
        return [dict(row) for row in connection.execute(query).mappings()]


def days_counted(store: Store, on: date, limit: int = 90) -> list[date]:
    """Return the last business dates on which anything was counted, oldest first."""
    query = (
        sa.select(_RUN.business_date)
        .join(tables.verdicts, _RUN.seq == _VERDICT.run_seq)
        .where(_VERDICT.adopted, _RUN.business_date <= on)
        .group_by(_RUN.business_date)
        .order_by(_RUN.business_date.desc())
        .limit(limit)
    )
    with store.reading() as connection:
        return sorted(connection.scalars(query))


def _latest(on: date | None, cities: Collection[str] | None) -> sa.Subquery:
    return (
        sa.select(_VERDICT.city_code, sa.func.max(_VERDICT.run_seq).label("run_seq"))
        .join(tables.runs, _RUN.seq == _VERDICT.run_seq)
        .where(
            _VERDICT.adopted,
            sa.true() if on is None else _RUN.business_date <= on,
            sa.true() if cities is None else _VERDICT.city_code.in_(cities),
        )
        .group_by(_VERDICT.city_code)
        .subquery()
    )
