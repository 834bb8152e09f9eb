"""What the ledger knows, as plain rows ready for JSON: days and moments are ISO text, moments in UTC with offset.

Imports neither polars nor alembic: ``status`` must start fast. "Latest" goes by the order of runs, never by a clock;
``on`` asks for what was known on a business date (as of).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa

from citysync.domain.run import Trigger
from citysync.storage import tables
from citysync.storage.engine import Store
from citysync.storage.part import Part

Row = dict[str, Any]

_RUN = tables.runs.c
_CITY = tables.run_cities.c
_VERDICT = tables.verdicts.c
_SNAPSHOT = tables.snapshots.c
_MASTER = tables.master_versions.c
_OWNERS = {"run_seq", "city_code", "position", "first_seen_on"}
PULLED = _RUN.trigger != Trigger.REPLAY.value


@dataclass(frozen=True, slots=True)
class Listing:
    """Rows of one city in one run. ``run_id`` None: no run has validated anything of the city, which is not "none".

    ``total``: how many there are where ``rows`` are a part of them, None where they are all.
    """

    run_id: str | None
    state: str | None
    judged_at: str | None
    rows: tuple[Row, ...] = ()
    total: int | None = None


def runs(store: Store, limit: int = 20, offset: int = 0, city_code: str | None = None) -> list[Row]:
    """Return the last runs, newest first, each with how many ``cities`` it has and how many are ``published``.

    ``city_code``: only the runs that set out to judge a city.
    """
    query = _runs().order_by(_RUN.seq.desc()).limit(limit).offset(offset)
    if city_code is not None:
        query = query.where(_RUN.seq.in_(sa.select(_CITY.run_seq).where(_CITY.city_code == city_code)))
    with store.reading() as connection:
        return rows_of(connection, query)


def run_of(store: Store, run_id: str) -> Row | None:
    """Return one run, None if the ledger does not know it."""
    with store.reading() as connection:
        return _first(connection, _runs().where(_RUN.run_id == run_id))


def last_run(store: Store, on: date | None = None) -> Row | None:
    """Return the last run (as of a business date), None if there is none."""
    with store.reading() as connection:
        return _first(connection, _runs().where(as_of(on)).order_by(_RUN.seq.desc()).limit(1))


def cities_of(store: Store, run_id: str) -> list[tuple[str, str]]:
    """Return (code, name) of the cities a run set out to judge: the denominator."""
    query = (
        sa.select(_CITY.city_code, _CITY.city_name)
        .join(tables.runs)
        .where(_RUN.run_id == run_id)
        .order_by(_CITY.position)
    )
    with store.reading() as connection:
        return [(code, name) for code, name in connection.execute(query)]


def verdicts_of(store: Store, run_id: str) -> list[Row]:
    """Return the verdicts of a run's cities so far, in the order the run lists them, each with the run that judged it.

    That is another run where this one waited for it, because it was at work on the city already.
    """
    mine = sa.select(_RUN.seq).where(_RUN.run_id == run_id).correlate(None).scalar_subquery()
    by = sa.func.coalesce(_CITY.served_by, _CITY.run_seq)
    with store.reading() as connection:
        return rows_of(connection, _verdicts(by).where(_CITY.run_seq == mine).order_by(_CITY.position))


def latest_verdicts(store: Store, cities: Collection[str] | None = None, *, on: date | None = None) -> list[Row]:
    """Return the latest verdict of each city (of those asked for), by code; a city never judged has no row."""
    latest = (
        sa.select(_VERDICT.city_code, sa.func.max(_VERDICT.run_seq).label("run_seq"))
        .join(tables.runs, _RUN.seq == _VERDICT.run_seq)
        .where(as_of(on), sa.true() if cities is None else _VERDICT.city_code.in_(cities))
        .group_by(_VERDICT.city_code)
        .subquery()
    )
    chosen = sa.and_(latest.c.run_seq == _VERDICT.run_seq, latest.c.city_code == _VERDICT.city_code)
    with store.reading() as connection:
        return rows_of(connection, _verdicts().join(latest, chosen).order_by(_VERDICT.city_code))


def cities_by(store: Store, on: date) -> list[str]:
    """Return the codes of the cities of the last nightly run by a business date and of every run since."""
    nightly = sa.select(sa.func.max(_RUN.seq)).where(_RUN.trigger == "nightly", as_of(on)).scalar_subquery()
    query = (
        sa.select(_CITY.city_code)
        .distinct()
        .join(tables.runs, _RUN.seq == _CITY.run_seq)
        .where(as_of(on), _RUN.seq >= sa.func.coalesce(nightly, 0))
    )
    with store.reading() as connection:
        return sorted(connection.scalars(query))


def previous_verdict(store: Store, city_code: str, run_id: str) -> Row | None:
    """Return the city's last verdict of a run before this one, None if there is none."""
    seq = sa.select(_RUN.seq).where(_RUN.run_id == run_id).scalar_subquery()
    earlier = _verdicts().where(_VERDICT.city_code == city_code, _VERDICT.run_seq < seq)
    with store.reading() as connection:
        return _first(connection, earlier.order_by(_VERDICT.run_seq.desc()).limit(1))


def findings(
    store: Store,
    city_code: str,
    *,
    run_id: str | None = None,
    on: date | None = None,
    check: str | None = None,
    severity: str | None = None,
    areacode: str | None = None,
    field: str | None = None,
    part: Part | None = None,
    where: sa.ColumnElement[bool] | None = None,
) -> Listing:
    """Return a city's findings (keys of ``FINDINGS``) in a run, by default the last (as of a day) that was adopted.

    ``part``: only these, cut by the database; ``where``: a further condition. What a city is told stays that of its
    snapshot in force until another one is adopted.
    """
    wanted = {"check": check, "severity": severity, "areacode": areacode, "field": field}
    return _listing(store, tables.findings, city_code, run_id, on, wanted, part, _VERDICT.adopted, where)


def rejections(
    store: Store,
    city_code: str,
    *,
    run_id: str | None = None,
    on: date | None = None,
    rule: str | None = None,
    field: str | None = None,
    part: Part | None = None,
) -> Listing:
    """Return a city's rejected rows (keys of ``REJECTIONS``) in a run, by default the last (as of a day) with any."""
    return _listing(store, tables.rejections, city_code, run_id, on, {"rule": rule, "field": field}, part)


def pages_of(store: Store, city_code: str, run_id: str) -> list[Row]:
    """Return the raw pages a run took from a city, as they came."""
    page = tables.pages.c
    query = (
        sa.select(*(column for column in page if column.name not in _OWNERS))
        .join(tables.runs, _RUN.seq == page.run_seq)
        .where(_RUN.run_id == run_id, page.city_code == city_code)
        .order_by(page.position)
    )
    with store.reading() as connection:
        return rows_of(connection, query)


def snapshot_of(store: Store, city_code: str, run_id: str) -> Row | None:
    """Return where a run's snapshot of a city lies (keys path, rows, taken_at, source_changed_at, adopted)."""
    query = (
        sa.select(*(column for column in _SNAPSHOT if column.name not in _OWNERS))
        .join(tables.runs, _RUN.seq == _SNAPSHOT.run_seq)
        .where(_RUN.run_id == run_id, _SNAPSHOT.city_code == city_code)
    )
    with store.reading() as connection:
        return _first(connection, query)


def master_version_in_force(store: Store, on: date) -> str | None:
    """Return the name of the master version in force on a day, None if there is none."""
    with store.reading() as connection:
        return connection.scalar(master_in_force(on).with_only_columns(_MASTER.name))


def first_master_version(store: Store, by: date) -> str | None:
    """Return the version that took effect first, None if even that one comes after ``by``."""
    query = sa.select(_MASTER.name).where(_MASTER.effective_on <= by).order_by(_MASTER.effective_on, _MASTER.seq.desc())
    with store.reading() as connection:
        return connection.scalar(query.limit(1))


def master_versions(store: Store) -> list[Row]:
    """Return every version of the master catalogue, oldest import first."""
    query = sa.select(*(column for column in _MASTER if column.name != "seq")).order_by(_MASTER.seq)
    with store.reading() as connection:
        return rows_of(connection, query)


def master_in_force(on: date) -> sa.Select[Any]:
    """Return the query for the version in force on a day: the latest to take effect, then the latest imported."""
    return (
        sa.select(tables.master_versions)
        .where(_MASTER.effective_on <= on)
        .order_by(_MASTER.effective_on.desc(), _MASTER.seq.desc())
        .limit(1)
    )


def _runs() -> sa.Select[Any]:
    cities = sa.select(sa.func.count()).where(_CITY.run_seq == _RUN.seq).scalar_subquery()
    published = sa.select(sa.func.count()).where(_VERDICT.run_seq == _RUN.seq).scalar_subquery()
    columns = (column for column in _RUN if column.name != "seq")
    return sa.select(*columns, cities.label("cities"), published.label("published"))


def _verdicts(judged_by: sa.ColumnElement[int] = _CITY.run_seq) -> sa.Select[Any]:
    enrolled = sa.and_(judged_by == _VERDICT.run_seq, _CITY.city_code == _VERDICT.city_code)
    columns = (column for column in _VERDICT if column.name not in _OWNERS)
    named = (_VERDICT.city_code.label("code"), _CITY.city_name.label("name"))
    run = (_RUN.run_id, _RUN.business_date, _RUN.master_version)
    return (
        sa.select(*named, *columns, *run)
        .select_from(tables.verdicts)
        .join(tables.run_cities, enrolled)
        .join(tables.runs, _RUN.seq == _VERDICT.run_seq)
    )


def earlier(run_id: str | None) -> sa.ColumnElement[bool]:
    """Return whether a run came before another; a run the ledger does not know (a dry run) comes after all."""
    if run_id is None:
        return sa.true()
    seq = sa.select(_RUN.seq).where(_RUN.run_id == run_id).correlate(None).scalar_subquery()
    return sa.or_(seq.is_(None), _RUN.seq < seq)


def as_of(on: date | None) -> sa.ColumnElement[bool]:
    """Return whether a run's business date is not after a day; of no day, every run."""
    return sa.true() if on is None else _RUN.business_date <= on


def _listing(
    store: Store,
    table: sa.Table,
    city_code: str,
    run_id: str | None,
    on: date | None,
    wanted: Mapping[str, str | None],
    part: Part | None,
    speaks: sa.ColumnElement[bool] = _VERDICT.validated,
    where: sa.ColumnElement[bool] | None = None,
) -> Listing:
    chosen = sa.and_(speaks, as_of(on)) if run_id is None else _RUN.run_id == run_id
    about = (
        sa.select(_RUN.seq, _RUN.run_id, _VERDICT.state, _VERDICT.judged_at)
        .join(tables.verdicts, _RUN.seq == _VERDICT.run_seq)
        .where(_VERDICT.city_code == city_code, chosen)
        .order_by(_RUN.seq.desc())
        .limit(1)
    )
    with store.reading() as connection:
        run = connection.execute(about).first()
        if run is None:
            return Listing(None, None, None)
        chosen = sa.and_(
            table.c.run_seq == run.seq,
            table.c.city_code == city_code,
            sa.true() if where is None else where,
            *(table.c[name] == value for name, value in wanted.items() if value is not None),
        )
        query = sa.select(*(column for column in table.c if column.name not in _OWNERS)).where(chosen)
        query, total = query.order_by(table.c.position), None
        if part is not None:
            query = query.limit(part.limit).offset(part.offset)
            total = connection.scalar(sa.select(sa.func.count()).select_from(table).where(chosen))
        return Listing(run.run_id, run.state, run.judged_at.isoformat(), tuple(rows_of(connection, query)), total)


def rows_of(connection: sa.Connection, query: sa.Select[Any]) -> list[Row]:
    """Return the rows of a query, days and moments as ISO text."""
    return [_plain(row) for row in connection.execute(query).mappings()]


def _first(connection: sa.Connection, query: sa.Select[Any]) -> Row | None:
    row = connection.execute(query).mappings().first()
    return None if row is None else _plain(row)


def _plain(row: Mapping[Any, Any]) -> Row:
    """Return a row whose days and moments are ISO text."""
    return {str(key): value.isoformat() if isinstance(value, date) else value for key, value in row.items()}
