"""The nights of many cities side by side, and what of a run has which weight: what overviews are drawn from."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from datetime import date
from typing import Any

import sqlalchemy as sa

from citysync.storage import tables
from citysync.storage.engine import Store
from citysync.storage.reading import PULLED, Row, rows_of

_RUN = tables.runs.c
_VERDICT = tables.verdicts.c
_FINDING = tables.findings.c
_PAGE = tables.pages.c


def told(store: Store, since: date, on: date, cities: Collection[str] | None = None) -> list[Row]:
    """Return the verdicts of the days from one to another, replays left out, in the order of the runs.

    Keys: code, business_date, run_id, trigger, state, since, judged_at, grade, adopted, counts.
    """
    query = (
        sa.select(
            _VERDICT.city_code.label("code"),
            _RUN.business_date,
            _RUN.run_id,
            _RUN.trigger,
            _VERDICT.state,
            _VERDICT.since,
            _VERDICT.judged_at,
            _VERDICT.grade,
            _VERDICT.adopted,
            _VERDICT.counts,
        )
        .join(tables.runs, _RUN.seq == _VERDICT.run_seq)
        .where(PULLED, _RUN.business_date.between(since, on))
        .where(sa.true() if cities is None else _VERDICT.city_code.in_(cities))
        .order_by(_RUN.seq)
    )
    with store.reading() as connection:
        return rows_of(connection, query)


def brief(store: Store, since: date, on: date, cities: Collection[str]) -> list[tuple[str, date, str, int | None, str]]:
    """Return of ``told`` what a line of days needs: code, business date, state, findings of an adopted one, run_id."""
    counts = sa.case((_VERDICT.adopted, sa.type_coerce(_VERDICT.counts, sa.Text)), else_=None)
    query = (
        sa.select(_VERDICT.city_code, _RUN.business_date, _VERDICT.state, counts, _RUN.run_id)
        .join(tables.runs, _RUN.seq == _VERDICT.run_seq)
        .where(PULLED, _RUN.business_date.between(since, on), _VERDICT.city_code.in_(cities))
        .order_by(_RUN.seq)
    )
    with store.reading() as connection:
        return [
            (code, day, state, None if text is None else int(json.loads(text)["findings"]), run_id)
            for code, day, state, text, run_id in connection.execute(query)
        ]


def adopted_runs(store: Store, cities: Collection[str]) -> dict[str, str]:
    """Return city code → the run that last adopted a directory of it; a city of which none did is not in it."""
    latest = _adopted(cities)
    query = sa.select(latest.c.city_code, _RUN.run_id).join(tables.runs, _RUN.seq == latest.c.run_seq)
    with store.reading() as connection:
        return {str(code): str(run_id) for code, run_id in connection.execute(query)}


def next_due(store: Store, cities: Collection[str], on: date) -> dict[str, date]:
    """Return city code → the first deadline of its errors in grace that has not passed, of its last adopted run."""
    latest = _adopted(cities)
    chosen = sa.and_(_FINDING.run_seq == latest.c.run_seq, _FINDING.city_code == latest.c.city_code)
    query = (
        sa.select(_FINDING.city_code, sa.func.min(_FINDING.due_on))
        .join(latest, chosen)
        .where(_FINDING.due_on >= on, _FINDING.severity == "error")
        .group_by(_FINDING.city_code)
    )
    with store.reading() as connection:
        return {str(code): due for code, due in connection.execute(query)}


def pulled(store: Store, run_id: str) -> dict[str, Mapping[str, Any]]:
    """Return city code → what a run took from it: pages, bytes, first_at and last_at (ISO text)."""
    query = (
        sa.select(
            _PAGE.city_code,
            sa.func.count().label("pages"),
            sa.func.sum(_PAGE.size).label("bytes"),
            sa.func.min(_PAGE.fetched_at).label("first_at"),
            sa.func.max(_PAGE.fetched_at).label("last_at"),
        )
        .join(tables.runs, _RUN.seq == _PAGE.run_seq)
        .where(_RUN.run_id == run_id)
        .group_by(_PAGE.city_code)
    )
    with store.reading() as connection:
        return {row["city_code"]: row for row in rows_of(connection, query)}


def _adopted(cities: Collection[str]) -> sa.Subquery:
    return (
        sa.select(_VERDICT.city_code, sa.func.max(_VERDICT.run_seq).label("run_seq"))
        .where(_VERDICT.adopted, _VERDICT.city_code.in_(cities))
        .group_by(_VERDICT.city_code)
        .subquery()
    )
