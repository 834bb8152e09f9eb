"""What earlier runs saw of a city, as plain facts: the material of ``citysync.storage.memory``."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import sqlalchemy as sa

from citysync.storage import tables
from citysync.storage.engine import Store
from citysync.storage.reading import PULLED, Row, as_of, earlier, rows_of

_RUN = tables.runs.c
_SNAPSHOT = tables.snapshots.c
_VERDICT = tables.verdicts.c
_USE = tables.approval_uses.c
_SEES_ABSENCES = ("A", "B")  # grades


def adopted_snapshots(
    store: Store, city_code: str, *, on: date | None = None, before: str | None = None, limit: int = 1
) -> list[Row]:
    """Return a city's last adopted snapshots (of runs before one), newest first: the first is the last good one, dated.

    Keys: run_id, business_date, rules_version, path (relative to the evidence folder), rows, taken_at,
    source_changed_at, content, master_version, state. What a replay says is no new pull and is left out.
    """
    query = (
        sa.select(
            _RUN.run_id,
            _RUN.business_date,
            _RUN.rules_version,
            _SNAPSHOT.path,
            _SNAPSHOT.rows,
            _SNAPSHOT.taken_at,
            _SNAPSHOT.source_changed_at,
            _SNAPSHOT.content,
            _RUN.master_version,
            _VERDICT.state,
        )
        .join(
            tables.verdicts, sa.and_(_VERDICT.run_seq == _SNAPSHOT.run_seq, _VERDICT.city_code == _SNAPSHOT.city_code)
        )
        .join(tables.runs, _RUN.seq == _SNAPSHOT.run_seq)
        .where(_SNAPSHOT.city_code == city_code, _SNAPSHOT.adopted, PULLED, as_of(on), earlier(before))
        .order_by(_SNAPSHOT.run_seq.desc())
        .limit(limit)
    )
    with store.reading() as connection:
        return rows_of(connection, query)


def snapshots_in_force(store: Store) -> dict[str, str]:
    """Return by city the path of its last good snapshot, as ``adopted_snapshots`` has it; some cities have none."""
    last = (
        sa.select(_SNAPSHOT.city_code, sa.func.max(_SNAPSHOT.run_seq).label("run_seq"))
        .join(tables.runs, _RUN.seq == _SNAPSHOT.run_seq)
        .where(_SNAPSHOT.adopted, PULLED)
        .group_by(_SNAPSHOT.city_code)
        .subquery()
    )
    chosen = sa.and_(last.c.run_seq == _SNAPSHOT.run_seq, last.c.city_code == _SNAPSHOT.city_code)
    query = sa.select(_SNAPSHOT.city_code, _SNAPSHOT.path).join(last, chosen)
    with store.reading() as connection:
        return {str(code): str(path) for code, path in connection.execute(query)}


def absences_seen(store: Store, city_code: str, before: str) -> frozenset[tuple[str, str]]:
    """Return (areacode, catalog_code) that the last adopted pull of grade A or B before a run saw unclaimed.

    A night of another grade sees no absence, so that it neither confirms nor clears any.
    """
    finding = tables.findings.c
    query = sa.select(finding.areacode, finding.catalog_code).where(
        finding.run_seq == _looked(city_code, before), finding.city_code == city_code, finding.check == "unclaimed"
    )
    with store.reading() as connection:
        return frozenset((areacode, code) for areacode, code in connection.execute(query))


def regions_looked_at(store: Store, city_code: str, before: str) -> frozenset[str]:
    """Return the areacodes that had anything to do in the run ``absences_seen`` speaks of."""
    tally = tables.tallies.c
    query = sa.select(tally.areacode).where(
        tally.run_seq == _looked(city_code, before), tally.city_code == city_code, tally.due > 0
    )
    with store.reading() as connection:
        return frozenset(areacode for areacode in connection.scalars(query.distinct()) if areacode is not None)


def _looked(city_code: str, before: str) -> sa.ScalarSelect[int]:
    """Return which run last saw absences: the last adopted pull of grade A or B before a run."""
    return (
        sa.select(_VERDICT.run_seq)
        .join(tables.runs, _RUN.seq == _VERDICT.run_seq)
        .where(_VERDICT.city_code == city_code, _VERDICT.adopted, _VERDICT.grade.in_(_SEES_ABSENCES))
        .where(PULLED, earlier(before))
        .order_by(_VERDICT.run_seq.desc())
        .limit(1)
        .scalar_subquery()
    )


def last_approved_run(store: Store, city_code: str, before: str) -> str | None:
    """Return the last run before another whose snapshot was adopted by approval, None if there is none."""
    query = (
        sa.select(_RUN.run_id)
        .join(tables.approval_uses, _USE.run_seq == _RUN.seq)
        .where(_USE.city_code == city_code, earlier(before))
        .order_by(_RUN.seq.desc())
        .limit(1)
    )
    with store.reading() as connection:
        return connection.scalar(query)


def last_pulled_run(store: Store, city_code: str, before: str) -> str | None:
    """Return the last run before another that said anything of a city, adopted or not; None if there is none."""
    query = (
        sa.select(_RUN.run_id)
        .join(tables.verdicts, _RUN.seq == _VERDICT.run_seq)
        .where(_VERDICT.city_code == city_code, PULLED, earlier(before))
        .order_by(_RUN.seq.desc())
        .limit(1)
    )
    with store.reading() as connection:
        return connection.scalar(query)


def in_force(store: Store, verdict: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the snapshot in force beside a verdict that adopted nothing; None if there never was one.

    Keys: run_id, business_date, rows, and a text for people.
    """
    last = next(iter(adopted_snapshots(store, str(verdict["code"]), before=str(verdict["run_id"]))), None)
    if last is None:
        return None
    day = date.fromisoformat(last["business_date"])
    text = f"沿用 {day.month}月{day.day}日 快照 {last['rows']:,} 条"
    return {**{name: last[name] for name in ("run_id", "business_date", "rows")}, "text": text}
