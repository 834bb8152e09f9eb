"""Reading a day's figures out of the ledger: what was counted, what it was before, who missed a target."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Literal

from citysync.config.settings import Settings
from citysync.config.targets import load_targets
from citysync.domain.divisions import division_name
from citysync.domain.figures import Figure, all_figures, summed
from citysync.domain.tallies import COUNTS
from citysync.reports.figures import Group, Report
from citysync.reports.nights import nights_of
from citysync.reports.targets import Target, Unmet, unmet
from citysync.storage import tallies
from citysync.storage.engine import Store
from citysync.storage.schema import open_store
from flows.night import chosen

By = Literal["city", "county", "department"]
COLUMN: dict[By, tallies.Group] = {"city": "city_code", "county": "areacode", "department": "department"}
NIGHTS = 30  # punctuality is counted over so many days, the day asked for included
YESTERDAY, LAST_WEEK, DEADLINE = "昨日", "上周", "期限日"
_ROWS = ("accepted", "rejected")


Counts = dict[str, dict[str, int]]  # group → count by name
Figures = Mapping[str, Figure]
Series = dict[tuple[str, str], list[tuple[date, Figures]]]
TOTAL = ("total", "合计")


@dataclass(frozen=True)
class Seen:
    """A day's figures and what stands beside them.

    ``targets``: the province's; ``series``: (key, name) → (day, figures by measure) of every day counted, oldest first,
    the whole under ``TOTAL``; read only where there are targets or somebody asked for it.
    """

    report: Report
    unmet: Sequence[Unmet]
    targets: Sequence[Target] = ()
    series: Series = field(default_factory=dict)


def figures_of(
    settings: Settings, codes: tuple[str, ...], by: By, on: date, since: date | None = None
) -> tuple[Report, list[Unmet]]:
    """Return the figures of some cities (by default every enabled one) as of a day, and who missed a target.

    Compared are the day before, the week before, and the last day by which a target was to be met, once it is over;
    ``since``: a further day. Raises ConfigError for a city or target nobody knows, StorageError.
    """
    names = {code: city.name for code, city in chosen(settings, codes).items()}
    with open_store(settings.database, write=False) as store:
        seen = figures_in(store, targets_of(settings), names, by, on, since)
    return seen.report, list(seen.unmet)


def targets_of(settings: Settings) -> list[Target]:
    """Return the province's targets; raise ConfigError for one that cannot be read."""
    entries = load_targets(settings.cities_dir)
    return [Target(each.measure, each.percent / 100, each.by, each.document) for each in entries]


def figures_in(
    store: Store,
    targets: Sequence[Target],
    names: Mapping[str, str],
    by: By,
    on: date,
    since: date | None = None,
    *,
    trend: bool = False,
) -> Seen:
    """Return a day's figures from an open ledger. ``names``: city code → name, the denominator."""
    days = {YESTERDAY: on - timedelta(days=1), LAST_WEEK: on - timedelta(days=7)}
    due = [target.by for target in targets if target.by < on]
    days |= {DEADLINE: max(due)} if due else {}
    days |= {since.isoformat(): since} if since else {}
    trending = tallies.days_counted(store, on) if targets or trend else []
    counts = _counts(store, names, by, {on, *days.values(), *trending})
    report = _report(names, by, on, days, counts, tallies.counted_on(store, on=on, cities=tuple(names)))
    series = _series(names, {day: counts[day] for day in trending}) if targets or trend else {}
    groups = {key: days for key, days in series.items() if key != TOTAL}
    return Seen(report, unmet(targets, groups, on), targets, series)


def figures_document(report: Report, missed: Iterable[Unmet]) -> dict[str, object]:
    """Return the figures and who missed a target, for programs: the one document of ``figures --json``."""
    return {**report.as_dict(), "unmet": [each.as_dict() for each in missed]}


def _report(
    names: Mapping[str, str],
    by: By,
    on: date,
    days: Mapping[str, date],
    counts: Mapping[date, Counts],
    counted_on: Iterable[Mapping[str, Any]],
) -> Report:
    before = {label: counts[day] for label, day in days.items()}
    groups = [
        Group(key, _name(key, names), now, {label: then[key] for label, then in before.items() if key in then})
        for key, now in counts[on].items()
    ]
    counted = {row["city_code"]: row["business_date"] for row in counted_on}
    return Report(on, by, groups, tuple(names), counted, dict(days))


def _counts(store: Store, names: Mapping[str, str], by: By, days: Collection[date]) -> dict[date, Counts]:
    """Return what was known on each of some days, by group. Rows and nights are counted by city only.

    Each kind of count is one query for all days: ninety nights are not ninety questions.
    """
    column, codes = COLUMN[by], tuple(names)
    totals = tallies.totals_by_day(store, column, days, codes)
    known = {day: _summed_by(column, rows) for day, rows in totals.items()}
    if by == "city":
        counted, judged = tallies.counted_by_day(store, days, codes), _judged(store, days, codes)
        for day, counts in known.items():
            for row in counted[day]:
                counts.setdefault(row["city_code"], {}).update({name: int(row["counts"][name]) for name in _ROWS})
            for code, nights in judged[day].items():
                counts.setdefault(code, {}).update(nights)
    return {day: dict(sorted(counts.items())) for day, counts in known.items()}


def _summed_by(column: str, rows: Iterable[Mapping[str, Any]]) -> Counts:
    return {str(row[column]): {name: int(row[name]) for name in COUNTS} for row in rows if row[column] is not None}


def _judged(store: Store, days: Collection[date], codes: Collection[str]) -> dict[date, Counts]:
    """Return the nights of each city counted over the ``NIGHTS`` days that end with each of some days."""
    nights: dict[date, list[Mapping[str, Any]]] = defaultdict(list)
    for row in tallies.nights(store, min(days) - timedelta(days=NIGHTS - 1), max(days), codes):
        nights[row["business_date"]].append(row)
    windows = {day: [day - timedelta(days=before) for before in range(NIGHTS)] for day in days}
    return {day: nights_of(row for each in window for row in nights.get(each, ())) for day, window in windows.items()}


def _name(key: str, names: Mapping[str, str]) -> str:
    return names.get(key) or division_name(key)


def _series(names: Mapping[str, str], days: Mapping[date, Counts]) -> Series:
    series: Series = {TOTAL: []}
    for day, counted in days.items():
        series[TOTAL].append((day, all_figures(summed(list(counted.values())))))
        for key, counts in counted.items():
            series.setdefault((key, _name(key, names)), []).append((day, all_figures(counts)))
    return series
