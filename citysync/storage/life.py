"""What a published run does to the lives of a city's findings, in the same transaction.

Lives and findings meet under the codes of the run's day: see ``citysync.domain.carry``.
"""

from __future__ import annotations

from datetime import date
from typing import Any

import polars as pl
import sqlalchemy as sa

from citysync.domain.carry import carry_of
from citysync.domain.life import IDENTITY, OPEN, codes_of, each_once, found_in, turn
from citysync.domain.outcome import CityRun
from citysync.domain.run import Run, Trigger
from citysync.domain.snapshot import Grade
from citysync.storage import tables
from citysync.storage.frames import slices, storable
from citysync.storage.identity import confirmed_for

_PROVED = frozenset({Grade.A, Grade.B})
_AT_ONCE = 500
_LIFE = tables.finding_lives.c


def advance(connection: sa.Connection, run_seq: int, run: Run, city_run: CityRun) -> None:
    """Open, confirm and close lives by what a run saw; one that did not judge, or a replay, changes nothing."""
    snapshot, on = city_run.snapshot, run.business_date
    if not city_run.adopted or snapshot is None or run.trigger is Trigger.REPLAY:
        return
    city_code = city_run.verdict.city_code
    carry = carry_of(confirmed_for(connection, city_code, run.run_id), on)
    came = None if snapshot.certificate.grade in _PROVED else codes_of(storable(snapshot.rows))
    came = None if came is None else carry.series("task_code", came)
    found = each_once(carry.frame(storable(found_in(city_run.findings, city_run.rejected))))
    turned = turn(carry.frame(_open_lives(connection, city_code)), found, came)
    _insert(connection, turned.opened, {"city_code": city_code, "opened_run": run_seq}, on)
    _update(connection, turned.seen, {"last_seen_on": on})
    _update(connection, turned.confirmed, {"confirmed_run": run_seq, "confirmed_on": on})
    _update(connection, turned.closed, {"closed_run": run_seq, "closed_on": on})
    _follow(connection, run_seq, on, city_run)


def _follow(connection: sa.Connection, run_seq: int, on: date, city_run: CityRun) -> None:
    """Record that the city follows a batch of changes before its grace ends; the first night that saw it counts."""
    city_code, table = city_run.verdict.city_code, tables.followers
    known = set(connection.scalars(sa.select(table.c.batch).where(table.c.city_code == city_code)))
    for each in city_run.follows:
        if (batch := each.changed_on.isoformat()) not in known:
            facts = {"batch": batch, "changed_on": each.changed_on, "due_on": each.due_on, "codes": each.codes}
            row = {"city_code": city_code, **facts, "followed_run": run_seq, "followed_on": on}
            connection.execute(sa.insert(table), row)


def _open_lives(connection: sa.Connection, city_code: str) -> pl.DataFrame:
    query = sa.select(
        _LIFE.seq, *(_LIFE[name] for name in IDENTITY), _LIFE.confirmed_run.is_not(None).label("confirmed")
    ).where(_LIFE.city_code == city_code, _LIFE.closed_run.is_(None))
    return pl.DataFrame([tuple(row) for row in connection.execute(query)], schema=OPEN, orient="row")


def _insert(connection: sa.Connection, opened: pl.DataFrame, owner: dict[str, Any], on: date) -> None:
    sure = ~pl.col("suspected")
    dated = opened.with_columns(
        opened_on=pl.lit(on),
        last_seen_on=pl.lit(on),
        confirmed_run=pl.when(sure).then(pl.lit(owner["opened_run"])),
        confirmed_on=pl.when(sure).then(pl.lit(on)),
    )
    columns = (*IDENTITY, "severity", "opened_on", "last_seen_on", "confirmed_run", "confirmed_on")
    for rows in slices(dated, columns, **owner):
        connection.execute(sa.insert(tables.finding_lives), rows)


def _update(connection: sa.Connection, lives: tuple[int, ...], changes: dict[str, Any]) -> None:
    for start in range(0, len(lives), _AT_ONCE):
        chosen = lives[start : start + _AT_ONCE]
        connection.execute(sa.update(tables.finding_lives).where(_LIFE.seq.in_(chosen)).values(**changes))
