"""How long findings have been known, as of any run: first seen, confirmed, reopened, fixed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import sqlalchemy as sa

from citysync.domain.carry import Carry, carry_of
from citysync.domain.life import BESIDE, IDENTITY, REJECTED, identity_of
from citysync.domain.workdays import Calendar
from citysync.storage import tables
from citysync.storage.engine import Store
from citysync.storage.identity import confirmed_for
from citysync.storage.keys import key, key_of, of_items
from citysync.storage.reading import Listing

Row = dict[str, Any]
Identity = tuple[object, ...]

_LIFE = tables.finding_lives.c
_RUN = tables.runs.c
_FEW = 500
UNKNOWN: Row = dict.fromkeys(BESIDE)


@dataclass(frozen=True, slots=True)
class Life:
    """What is known of one difference of a city as of a run.

    ``identity``: under the codes of that run's day; ``shown``: as it was last seen;
    ``first_seen_on``: the day it was seen at all for the first time; ``opened_on``: since when without a break, which
    is later if it was ``reopened``; ``closed_on``: None while it is open.
    """

    identity: Identity
    shown: Identity
    severity: str
    first_seen_on: date
    opened_on: date
    reopened: bool
    confirmed_on: date | None
    last_seen_on: date
    closed_on: date | None

    def beside(self, on: date, calendar: Calendar) -> Row:
        """Return what is shown beside a finding on a day; its age counts from when it was last opened."""
        return {
            "first_seen_on": self.first_seen_on.isoformat(),
            "confirmed_on": None if self.confirmed_on is None else self.confirmed_on.isoformat(),
            "reopened_on": self.opened_on.isoformat() if self.reopened else None,
            "age_workdays": calendar.workdays_between(self.opened_on, on),
        }


def with_lives(store: Store, city_code: str, listing: Listing, calendar: Calendar) -> Listing:
    """Return a listing of findings with the keys of ``UNKNOWN`` beside each, as known when the run was published."""
    if listing.run_id is None or not listing.rows:
        return listing
    told = _lived(store, city_code, listing.run_id, listing.rows)
    known = {life.identity: life.beside(told.on, calendar) for life in told.lives if life.closed_on is None}
    rows = (_beside(row, known.get(told.identity(row), UNKNOWN)) for row in listing.rows)
    return replace(listing, rows=tuple(rows))


def _beside(row: Row, life: Row) -> Row:
    """Return a finding with its life; one that is suspected tonight is not confirmed, whatever a part of it was."""
    return {**row, **life, **({"confirmed_on": None} if row["suspected"] else {})}


def opened_since(store: Store, city_code: str, run_id: str, since: date) -> sa.ColumnElement[bool]:
    """Return whether a finding of a run can be open only since a day: some life of it, of that time, began no earlier.

    Where lives were merged an earlier one may be part of the same: ``with_lives`` tells, and of these alone.
    """
    with store.reading() as connection:
        run = connection.execute(sa.select(_RUN.seq, _RUN.business_date).where(_RUN.run_id == run_id)).one()
        carry = carry_of(confirmed_for(connection, city_code, run_id), run.business_date)
    begun = sa.and_(_LIFE.city_code == city_code, _LIFE.opened_run <= run.seq, _LIFE.opened_on >= since)
    return key(dict(tables.findings.c), carry).in_(sa.select(key(dict(_LIFE), carry)).where(begun))


def with_first_seen(store: Store, city_code: str, listing: Listing) -> Listing:
    """Return a listing of rejected rows with ``first_seen_on`` beside each, None where no run judged the city since."""
    if listing.run_id is None or not listing.rows:
        return listing
    told = _lived(store, city_code, listing.run_id, [_as_finding(row) for row in listing.rows])
    known = {life.identity: life.first_seen_on.isoformat() for life in told.lives if life.severity == REJECTED}
    rows = ({**row, "first_seen_on": known.get(told.identity(_as_finding(row)))} for row in listing.rows)
    return replace(listing, rows=tuple(rows))


def _as_finding(row: Row) -> Row:
    return {**dict.fromkeys(IDENTITY), "check": row["rule"], "task_code": row["task_code"], "field": row["field"]}


def fixed(lives: Iterable[Life], since: date | None = None) -> list[Row]:
    """Return the findings that are gone and did not come back (gone since a day), the latest first."""
    gone = [life for life in lives if life.closed_on is not None and life.severity != REJECTED]
    rows = (
        {
            **dict(zip(IDENTITY, life.shown, strict=True)),
            "severity": life.severity,
            "first_seen_on": life.first_seen_on.isoformat(),
            "last_seen_on": life.last_seen_on.isoformat(),
            "fixed_on": life.closed_on.isoformat(),
        }
        for life in gone
        if life.closed_on is not None and (since is None or life.closed_on >= since)
    )
    return sorted(rows, key=lambda row: (row["fixed_on"], *(str(row[name]) for name in IDENTITY)), reverse=True)


def lives_at(store: Store, city_code: str, run_id: str) -> tuple[date, list[Life]]:
    """Return a run's business date and every difference known of a city when it was published, its last life each."""
    told = _lived(store, city_code, run_id)
    return told.on, told.lives


@dataclass(frozen=True, slots=True)
class _Lived:
    """What was known of a city when a run was published, under the codes of its day."""

    on: date
    carry: Carry
    lives: list[Life]

    def identity(self, row: Row) -> Identity:
        return self.carry.row(IDENTITY, identity_of(row))


def _lived(store: Store, city_code: str, run_id: str, of: Sequence[Row] | None = None) -> _Lived:
    """Return what was known of a city; ``of``: of these differences alone, where they are few (a page shows 100)."""
    with store.reading() as connection:
        run = connection.execute(sa.select(_RUN.seq, _RUN.business_date).where(_RUN.run_id == run_id)).one()
        carry = carry_of(confirmed_for(connection, city_code, run_id), run.business_date)
        query = sa.select(tables.finding_lives).where(_LIFE.city_code == city_code, _LIFE.opened_run <= run.seq)
        if of is not None and len(of) <= _FEW:
            query = query.where(of_items(_LIFE.catalog_code, of, carry))
            query = query.where(key(dict(_LIFE), carry).in_({key_of(row, carry) for row in of}))
        rows = [dict(row) for row in connection.execute(query.order_by(_LIFE.seq)).mappings()]
    groups: dict[Identity, list[Row]] = {}
    for row in rows:
        groups.setdefault(carry.row(IDENTITY, identity_of(row)), []).append(row)
    lives = [_life(identity, episodes, run.seq) for identity, episodes in groups.items()]
    return _Lived(run.business_date, carry, sorted(lives, key=lambda life: [str(code or "") for code in life.identity]))


def _life(identity: Identity, episodes: list[Row], seq: int) -> Life:
    """Return the last of a difference's lives as it stood after a run.

    Episodes that overlap or follow without a night between them are one life: differences that a merger made one.
    """
    spell, reopened = episodes[:1], False
    for row in episodes[1:]:
        if all(each["closed_run"] is not None and each["closed_run"] < row["opened_run"] for each in spell):
            spell, reopened = [], True
        spell.append(row)
    closed = [_by(seq, row["closed_run"], row["closed_on"]) for row in spell]
    confirmed = [_by(seq, row["confirmed_run"], row["confirmed_on"]) for row in spell]
    return Life(
        identity=identity,
        shown=identity_of(spell[-1]),
        severity=spell[-1]["severity"],
        first_seen_on=min(row["opened_on"] for row in episodes),
        opened_on=min(row["opened_on"] for row in spell),
        reopened=reopened,
        confirmed_on=min((day for day in confirmed if day is not None), default=None),
        last_seen_on=max(row["last_seen_on"] for row in spell),
        closed_on=None if None in closed else max(day for day in closed if day is not None),
    )


def _by(seq: int, run: int | None, on: date | None) -> date | None:
    """Return a day if the run that set it had been published by then."""
    return on if run is not None and run <= seq else None
