"""The facts of the province page: the document of ``status --json``, the nights behind it, deadlines and alerts."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from citysync.domain.alert import KIND_OF, fix_by
from citysync.domain.city import City
from citysync.domain.life import REJECTED
from citysync.domain.verdict import State
from citysync.domain.workdays import calendar
from citysync.reports.document import Document, document
from citysync.storage import alerting, reading, strips
from citysync.web.language import day_of
from citysync.web.reading.differences import kept_facets
from citysync.web.reading.reader import Reader
from flows.standing import standing_in

STRIP_DAYS = 90
Row = Mapping[str, Any]


@dataclass(frozen=True)
class Night:
    """What one day came to for one city. ``findings`` None: nothing was adopted, so nothing was counted."""

    on: date
    state: State
    findings: int | None
    run_id: str


@dataclass(frozen=True)
class CityFacts:
    """One city as overviews show it.

    ``told``: its entry of ``status --json``; ``before``: its state a business date earlier, None if it had none;
    ``nights``: one per day on which it was judged, oldest first; ``weights``: findings in force by severity, None
    where no directory was ever adopted; ``due_on``: the day by whose end somebody should have acted.
    """

    city: City
    told: Document
    before: State | None
    nights: tuple[Night, ...]
    weights: Mapping[str, int] | None
    due_on: date | None


@dataclass(frozen=True)
class ProvinceFacts:
    """``run``: the last run's facts, None before the first; ``told``: ``status --json`` of the cities asked about.

    ``on``: the last run's day; ``today``: the reader's, from which what is left of a deadline is counted: nights may
    have been missed since.
    """

    run: Row | None
    told: Document
    cities: tuple[CityFacts, ...]
    since: date
    on: date
    today: date


def province(reader: Reader) -> ProvinceFacts:
    """Return the standing of every city the asker may see. What is left out is left out of every sum too."""
    cities = reader.enabled
    result = standing_in(reader.store, cities.values())
    told = document(result.run, result.verdicts)
    on = date.fromisoformat(told["business_date"]) if told["business_date"] else reader.today
    since = on - timedelta(days=STRIP_DAYS - 1)
    nights = nights_of(reader, since, on, tuple(reader.cities))
    yesterday = {row["code"]: State(row["state"]) for row in _yesterday(reader, on)}
    weights = weights_of(reader, tuple(cities))
    due = deadlines(reader, told["cities"], on)
    facts = tuple(
        CityFacts(
            cities[each["code"]],
            each,
            yesterday.get(each["code"]),
            nights.get(each["code"], ()),
            weights.get(each["code"]),
            due.get(each["code"]),
        )
        for each in told["cities"]
    )
    return ProvinceFacts(result.run, told, facts, since, on, max(on, reader.today))


def nights_of(reader: Reader, since: date, on: date, codes: Collection[str]) -> dict[str, tuple[Night, ...]]:
    """Return the days of some cities, oldest first; of several runs on one business date the last counts."""
    last: dict[tuple[str, date], Night] = {}
    for code, day, state, found, run_id in strips.brief(reader.store, since, on, codes):
        last[code, day] = Night(day, State(state), found, run_id)
    grouped: dict[str, list[Night]] = {}
    for (code, _), night in sorted(last.items()):
        grouped.setdefault(code, []).append(night)
    return {code: tuple(nights) for code, nights in grouped.items()}


def weights_of(reader: Reader, codes: Collection[str]) -> dict[str, Mapping[str, int]]:
    """Return by city how many findings in force have each severity; nothing was ever adopted of others."""
    found: dict[str, Mapping[str, int]] = {}
    for code, run_id in strips.adopted_runs(reader.store, codes).items():
        counted = kept_facets(reader, code, run_id).counted()["severity"]
        found[code] = {str(severity): count for severity, count in counted.items() if severity != REJECTED}
    return found


def deadlines(reader: Reader, told: list[Document], on: date) -> dict[str, date]:
    """Return by when each city that needs somebody should be put right, as its messages say; else where grace ends."""
    opened = {(each.key.city_code, each.key.kind): each.opened_on for each in alerting.open_alerts(reader.store)}
    lagging = [each["code"] for each in told if State(each["state"]) is State.LAGGING]
    grace = strips.next_due(reader.store, lagging, on) if lagging else {}
    found: dict[str, date] = {}
    for each in told:
        code, kind = each["code"], KIND_OF.get(State(each["state"]))
        if kind is not None and each["since"] is not None:
            found[code] = fix_by(kind, opened.get((code, kind), day_of(each["since"])), calendar())
        elif State(each["state"]) is State.LAGGING and code in grace:
            found[code] = grace[code]
    return found


def _yesterday(reader: Reader, on: date) -> list[dict[str, Any]]:
    return reading.latest_verdicts(reader.store, tuple(reader.cities), on=on - timedelta(days=1))
