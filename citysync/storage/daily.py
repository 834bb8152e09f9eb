"""Counts of many days at once: which runs a day rests on, and the sums of those runs, each day in one question.

What a run published never changes, so the sums of the same runs are always the same: whoever asks may keep them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

import sqlalchemy as sa

from citysync.domain.tallies import COUNTS
from citysync.storage import tables
from citysync.storage.engine import Store
from citysync.storage.tallies import Group, Row

_RUN = tables.runs.c
_TALLY = tables.tallies.c
_VERDICT = tables.verdicts.c
_AT_ONCE = 5_000  # databases count the parameters of a question


class InForce(NamedTuple):
    """The run a city's counts come from on a day."""

    city_code: str
    run_id: str
    seq: int


Runs = tuple[InForce, ...]


def runs_by_day(store: Store, days: Collection[date], cities: Collection[str]) -> dict[date, Runs]:
    """Return each city's last adopted run as of each of some days, by code; one that has none by then is left out."""
    first = min(days, default=date.max)
    adopted = sa.and_(_VERDICT.adopted, _VERDICT.city_code.in_(cities))
    query = sa.select(_RUN.business_date, _VERDICT.city_code, _RUN.run_id, _RUN.seq)
    query = query.join(tables.verdicts, _VERDICT.run_seq == _RUN.seq).where(adopted)
    before = sa.select(_VERDICT.city_code, sa.func.max(_VERDICT.run_seq).label("seq"))
    before = before.join(tables.runs, _RUN.seq == _VERDICT.run_seq).where(adopted, _RUN.business_date < first)
    last = before.group_by(_VERDICT.city_code).subquery()
    chosen = sa.and_(last.c.seq == _RUN.seq, last.c.city_code == _VERDICT.city_code)
    with store.reading() as connection:
        known = [InForce(*row[1:]) for row in connection.execute(query.join(last, chosen))]
        since = connection.execute(query.where(_RUN.business_date.between(first, max(days, default=date.min))))
        later = sorted((row[0], InForce(*row[1:])) for row in since)
    return _as_of(days, known, later)


def totals_of(store: Store, by: Group, days: Mapping[date, Runs]) -> dict[date, list[Row]]:
    """Return the counts of some days' runs, added up by city, region or department, in its order."""
    found: dict[date, list[Row]] = {day: [] for day in days}
    for asked in _asked(days):
        chosen = sa.and_(asked.c.seq == _TALLY.run_seq, asked.c.city_code == _TALLY.city_code)
        counts = (sa.cast(sa.func.sum(_TALLY[name]), sa.BigInteger).label(name) for name in COUNTS)
        query = sa.select(asked.c.day, _TALLY[by], *counts).select_from(asked).join(tables.tallies, chosen)
        query = query.group_by(asked.c.day, _TALLY[by]).order_by(asked.c.day, _TALLY[by])
        _sort_in(found, store, query)
    return found


def counted_of(store: Store, days: Mapping[date, Runs]) -> dict[date, list[Row]]:
    """Return the verdicts' own counts of some days' runs (city_code, counts), by code."""
    found: dict[date, list[Row]] = {day: [] for day in days}
    for asked in _asked(days):
        chosen = sa.and_(asked.c.seq == _VERDICT.run_seq, asked.c.city_code == _VERDICT.city_code)
        query = sa.select(asked.c.day, _VERDICT.city_code, _VERDICT.counts).select_from(asked)
        _sort_in(found, store, query.join(tables.verdicts, chosen).order_by(asked.c.day, _VERDICT.city_code))
    return found


def _as_of(days: Collection[date], known: Sequence[InForce], later: Sequence[tuple[date, InForce]]) -> dict[date, Runs]:
    """Return what is in force on each day. ``later``: by business date; a later run may be of an earlier date."""
    last = {each.city_code: each for each in known}
    coming = iter([*later, None])
    following = next(coming)
    found: dict[date, Runs] = {}
    for day in sorted(days):
        while following is not None and following[0] <= day:
            each = following[1]
            if each.city_code not in last or last[each.city_code].seq < each.seq:
                last[each.city_code] = each
            following = next(coming)
        found[day] = tuple(last[code] for code in sorted(last))
    return found


def _asked(days: Mapping[date, Runs]) -> Iterator[sa.CTE]:
    columns = (sa.column("day", sa.Date), sa.column("city_code", sa.Text), sa.column("seq", sa.Integer))
    wanted = [(day, each.city_code, each.seq) for day, runs in days.items() for each in runs]
    for rows in _whole_days(wanted):
        yield sa.values(*columns, name="asked").data(rows).cte("asked")


def _whole_days(wanted: Sequence[tuple[date, str, int]]) -> Iterator[list[tuple[date, str, int]]]:
    """Yield the rows in parts that end where a day ends: a day is added up in one question."""
    part: list[tuple[date, str, int]] = []
    for row in wanted:
        if len(part) >= _AT_ONCE and row[0] != part[-1][0]:
            yield part
            part = []
        part.append(row)
    if part:
        yield part


def _sort_in(found: dict[date, list[Row]], store: Store, query: sa.Select[Any]) -> None:
    with store.reading() as connection:
        for row in connection.execute(query).mappings():
            found[row["day"]].append({name: value for name, value in row.items() if name != "day"})
