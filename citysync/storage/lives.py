"""How long findings have been known, as of any run: first seen, confirmed, reopened, fixed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from itertools import groupby
from typing import Any

import sqlalchemy as sa

from citysync.domain.life import BESIDE, IDENTITY, REJECTED, identity_of
from citysync.domain.workdays import Calendar
from citysync.storage import tables
from citysync.storage.engine import Store
from citysync.storage.reading import Listing

Row = dict[str, Any]
Identity = tuple[object, ...]

_LIFE = tables.finding_lives.c
_RUN = tables.runs.c
UNKNOWN: Row = dict.fromkeys(BESIDE)


@dataclass(frozen=True, slots=True)
class Life:
    """What is known of one difference of a city as of a run.

    ``first_seen_on``: the day it was seen at all for the first time; ``opened_on``: since when without a break, which
    is later if it was ``reopened``; ``closed_on``: None while it is open.
    """

    identity: Identity
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
    if listing.run_id is None:
        return listing
    on, lives = lives_at(store, city_code, listing.run_id)
    known = {life.identity: life.beside(on, calendar) for life in lives if life.closed_on is None}
    rows = ({**row, **known.get(identity_of(row), UNKNOWN)} for row in listing.rows)
    return replace(listing, rows=tuple(rows))


def with_first_seen(store: Store, city_code: str, listing: Listing) -> Listing:
    """Return a listing of rejected rows with ``first_seen_on`` beside each, None where no run judged the city since."""
    if listing.run_id is None:
        return listing
    _, lives = lives_at(store, city_code, listing.run_id)
    known = {life.identity: life.first_seen_on.isoformat() for life in lives if life.severity == REJECTED}
    rows = ({**row, "first_seen_on": known.get(identity_of(_as_finding(row)))} for row in listing.rows)
    return replace(listing, rows=tuple(rows))


def _as_finding(row: Row) -> Row:
    return {**dict.fromkeys(IDENTITY), "check": row["rule"], "task_code": row["task_code"], "field": row["field"]}


def fixed(lives: Iterable[Life], since: date | None = None) -> list[Row]:
    """Return the findings that are gone and did not come back (gone since a day), the latest first."""
    gone = [life for life in lives if life.closed_on is not None and life.severity != REJECTED]
    rows = (
        {
            **dict(zip(IDENTITY, life.identity, strict=True)),
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
    with store.reading() as connection:
        run = connection.execute(sa.select(_RUN.seq, _RUN.business_date).where(_RUN.run_id == run_id)).one()
        query = (
            sa.select(tables.finding_lives)
            .where(_LIFE.city_code == city_code, _LIFE.opened_run <= run.seq)
            .order_by(*(_LIFE[name] for name in IDENTITY), _LIFE.seq)
        )
        rows = [dict(row) for row in connection.execute(query).mappings()]
    return run.business_date, [_life(list(group), run.seq) for _, group in groupby(rows, identity_of)]


def _life(episodes: list[Row], seq: int) -> Life:
    """Return the last of a difference's lives as it stood after a run."""
    last = episodes[-1]
    return Life(
        identity=identity_of(last),
        severity=last["severity"],
        first_seen_on=episodes[0]["opened_on"],
        opened_on=last["opened_on"],
        reopened=len(episodes) > 1,
        confirmed_on=_by(seq, last["confirmed_run"], last["confirmed_on"]),
        last_seen_on=last["last_seen_on"],
        closed_on=_by(seq, last["closed_run"], last["closed_on"]),
    )


def _by(seq: int, run: int | None, on: date | None) -> date | None:
    """Return a day if the run that set it had been published by then."""
    return on if run is not None and run <= seq else None
