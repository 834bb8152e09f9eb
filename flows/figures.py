"""Reading a day's figures out of the ledger: what was counted, what it was before, who missed a target."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Any, Literal

from citysync.config.settings import Settings
from citysync.config.targets import load_targets
from citysync.domain.divisions import division_name
from citysync.domain.figures import all_figures
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
YESTERDAY, LAST_WEEK = "昨日", "上周"
_ROWS = ("accepted", "rejected")


def figures_of(
    settings: Settings, codes: tuple[str, ...], by: By, on: date, since: date | None = None
) -> tuple[Report, list[Unmet]]:
    """Return the figures of some cities (by default every enabled one) as of a day, and who missed a target.

    ``since``: a further day to compare with. Raises ConfigError for a city or target nobody knows, StorageError.
    """
    cities = chosen(settings, codes)
    days = {YESTERDAY: on - timedelta(days=1), LAST_WEEK: on - timedelta(days=7)}
    days |= {since.isoformat(): since} if since else {}
    names = {code: city.name for code, city in cities.items()}
    with open_store(settings.database, write=False) as store:
        report = _report(store, names, by, on, days)
        return report, _unmet(store, settings, names, by, on)


def figures_document(report: Report, missed: Iterable[Unmet]) -> dict[str, object]:
    """Return the figures and who missed a target, for programs: the one document of ``figures --json``."""
    return {**report.as_dict(), "unmet": [each.as_dict() for each in missed]}


def _report(store: Store, names: Mapping[str, str], by: By, on: date, days: Mapping[str, date]) -> Report:
    now = _counts(store, names, by, on)
    before = {label: _counts(store, names, by, day) for label, day in days.items()}
    groups = [
        Group(key, _name(key, names), counts, {label: then[key] for label, then in before.items() if key in then})
        for key, counts in now.items()
    ]
    counted = {row["city_code"]: row["business_date"] for row in tallies.counted_on(store, on=on, cities=tuple(names))}
    return Report(on, by, groups, tuple(names), counted, dict(days))


def _counts(store: Store, names: Mapping[str, str], by: By, on: date) -> dict[str, dict[str, int]]:
    """Return what was known on a day, by group. Rows and nights are counted by city only."""
    column = COLUMN[by]
    rows = tallies.totals(store, (column,), on=on, cities=tuple(names))
    counts = {str(row[column]): {name: int(row[name]) for name in COUNTS} for row in rows if row[column] is not None}
    if by != "city":
        return counts
    for row in tallies.counted_on(store, on=on, cities=tuple(names)):
        counts.setdefault(row["city_code"], {}).update({name: int(row["counts"][name]) for name in _ROWS})
    history = tallies.nights(store, on - timedelta(days=NIGHTS - 1), on, tuple(names))
    for code, nights in nights_of(history).items():
        counts.setdefault(code, {}).update(nights)
    return dict(sorted(counts.items()))


def _name(key: str, names: Mapping[str, str]) -> str:
    return names.get(key) or division_name(key)


def _unmet(store: Store, settings: Settings, names: Mapping[str, str], by: By, on: date) -> list[Unmet]:
    entries = load_targets(settings.cities_dir)
    if not entries:
        return []
    targets = [Target(each.measure, each.percent / 100, each.by, each.document) for each in entries]
    return unmet(targets, _series(store, names, by, tallies.days_counted(store, on)), on)


def _series(
    store: Store, names: Mapping[str, str], by: By, days: Iterable[date]
) -> dict[tuple[str, str], list[tuple[date, Any]]]:
    series: dict[tuple[str, str], list[tuple[date, Any]]] = {}
    for day in days:
        for key, counts in _counts(store, names, by, day).items():
            series.setdefault((key, _name(key, names)), []).append((day, all_figures(counts)))
    return series
