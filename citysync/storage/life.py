"""What a published run does to the lives of a city's findings, in the same transaction.

Lives and findings meet under the codes of the run's day: see ``citysync.domain.carry``.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import polars as pl
import sqlalchemy as sa

from citysync.domain.carry import Carry, carry_of
from citysync.domain.life import IDENTITY, OPEN, codes_of, each_once, found_in, identified, turn
from citysync.domain.outcome import CityRun
from citysync.domain.run import Run, Trigger
from citysync.domain.snapshot import Grade
from citysync.storage import tables
from citysync.storage.frames import slices, storable
from citysync.storage.identity import confirmed_for

_PROVED = frozenset({Grade.A, Grade.B})
_AT_ONCE = 500
_LIFE = tables.finding_lives.c
_FIRST = "first_seen_on"


@dataclass(frozen=True, slots=True)
class FirstDays:
    """When each finding and each rejected row of a run was seen at all for the first time; None: in no run that counts.

    Series ``first_seen_on`` in the order of the rows.
    """

    findings: pl.Series
    rejected: pl.Series


def carried(connection: sa.Connection, run: Run, city_run: CityRun) -> Carry:
    """Return how codes go on for what a run publishes about a city."""
    return carry_of(confirmed_for(connection, city_run.verdict.city_code, run.run_id), run.business_date)


def first_days(connection: sa.Connection, run_seq: int, run: Run, city_run: CityRun, carry: Carry) -> FirstDays:
    """Return the first days of what a run is about to publish, before ``advance`` opens what is new in it."""
    frames = (city_run.findings.select(IDENTITY), identified(city_run.rejected))
    if not any(frame.height for frame in frames):
        return FirstDays(*(pl.Series(_FIRST, [], pl.Date) for _ in frames))
    city_code, on = city_run.verdict.city_code, run.business_date
    known = carry.frame(_opened(connection, city_code, run_seq)).group_by(IDENTITY).agg(pl.col(_FIRST).min())
    new = on if _counts(run, city_run) else None
    return FirstDays(*(_first(carry.frame(storable(frame)), known, new) for frame in frames))


def _first(rows: pl.DataFrame, known: pl.DataFrame, new: date | None) -> pl.Series:
    found = rows.join(known, on=IDENTITY, how="left", nulls_equal=True, maintain_order="left").get_column(_FIRST)
    return found if new is None else found.fill_null(new)


def _opened(connection: sa.Connection, city_code: str, run_seq: int) -> pl.DataFrame:
    columns = [_LIFE[name] for name in IDENTITY]
    query = sa.select(*columns, sa.func.min(_LIFE.opened_on)).group_by(*columns)
    query = query.where(_LIFE.city_code == city_code, _LIFE.opened_run < run_seq)
    schema = {**dict.fromkeys(IDENTITY, pl.String), _FIRST: pl.Date}
    return pl.DataFrame([tuple(row) for row in connection.execute(query).all()], schema=schema, orient="row")


def _counts(run: Run, city_run: CityRun) -> bool:
    """Return whether a run opens and closes lives: one that judged nothing new, or a replay, changes none."""
    return city_run.adopted and city_run.snapshot is not None and run.trigger is not Trigger.REPLAY


def advance(connection: sa.Connection, run_seq: int, run: Run, city_run: CityRun, carry: Carry) -> None:
    """Open, confirm and close lives by what a run saw; one that did not judge, or a replay, changes nothing."""
    snapshot, on = city_run.snapshot, run.business_date
    if snapshot is None or not _counts(run, city_run):
        return
    city_code = city_run.verdict.city_code
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
    return pl.DataFrame([tuple(row) for row in connection.execute(query).all()], schema=OPEN, orient="row")


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
