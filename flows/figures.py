"""Reading a day's figures out of the ledger: what was counted, what it was before, who missed a target."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Literal

from citysync.config.settings import Settings
from citysync.config.targets import load_targets
from citysync.domain.divisions import division_name
from citysync.domain.figures import Figure, all_figures, summed
from citysync.reports.figures import Group, Report
from citysync.reports.nights import nights_by_day
from citysync.reports.targets import Target, Unmet, unmet
from citysync.storage import daily, tallies
from citysync.storage.engine import Store
from citysync.storage.schema import open_store
from flows.kept import Counts, Kept
from flows.night import chosen

By = Literal["city", "county", "department"]
COLUMN: dict[By, tallies.Group] = {"city": "city_code", "county": "areacode", "department": "department"}
NIGHTS = 30  # punctuality is counted over so many days, the day asked for included
YESTERDAY, LAST_WEEK, DEADLINE = "昨日", "上周", "期限日"
_ROWS = ("accepted", "rejected")


Figures = Mapping[str, Figure]
Series = dict[tuple[str, str], list[tuple[date, Figures]]]
TOTAL = ("total", "合计")


@dataclass(frozen=True)
class Seen:
    """A day's figures and what stands beside them.

    ``targets``: the province's; ``series``: (key, name) → (day, figures by measure) of every day counted, oldest first,
    the whole under ``TOTAL``, of the others only the measures that have a target; read only where there are targets or
    somebody asked for it.
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
    kept: Kept | None = None,
) -> Seen:
    """Return a day's figures from an open ledger. ``names``: city code → name, the denominator.

    ``kept``: sums of days that were read earlier, for somebody who asks again and again.
    """
    days = {YESTERDAY: on - timedelta(days=1), LAST_WEEK: on - timedelta(days=7)}
    due = [target.by for target in targets if target.by < on]
    days |= {DEADLINE: max(due)} if due else {}
    days |= {since.isoformat(): since} if since else {}
    trending = tallies.days_counted(store, on) if targets or trend else []
    counts = _counts(store, names, by, {on, *days.values(), *trending}, Kept() if kept is None else kept)
    report = _report(names, by, on, days, counts, tallies.counted_on(store, on=on, cities=tuple(names)))
    wanted = {target.measure for target in targets}
    series = _series(names, {day: counts[day] for day in trending}, wanted) if targets or trend else {}
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


def _counts(store: Store, names: Mapping[str, str], by: By, days: Collection[date], kept: Kept) -> dict[date, Counts]:
    """Return what was known on each of some days, by group. Rows and nights are counted by city only.

    Each kind of count is one query for all days: ninety nights are not ninety questions.
    """
    codes = tuple(names)
    known = kept.counts(store, COLUMN[by], daily.runs_by_day(store, days, codes))
    if by == "city":
        for day, nights in _judged(store, days, codes).items():
            for code, counts in nights.items():
                known[day][code] = {**known[day].get(code, {}), **counts}
    return {day: dict(sorted(counts.items())) for day, counts in known.items()}


def _judged(store: Store, days: Collection[date], codes: Collection[str]) -> dict[date, Counts]:
    """Return the nights of each city counted over the ``NIGHTS`` days that end with each of some days."""
    rows = tallies.nights(store, min(days) - timedelta(days=NIGHTS - 1), max(days), codes)
    return nights_by_day(rows, days, NIGHTS)


def _name(key: str, names: Mapping[str, str]) -> str:
    return names.get(key) or division_name(key)


def _series(names: Mapping[str, str], days: Mapping[date, Counts], wanted: Collection[str]) -> Series:
    """Return every day's figures: all of the whole, of each group those that have a target."""
    series: Series = {TOTAL: []}
    for day, counted in days.items():
        series[TOTAL].append((day, all_figures(summed(list(counted.values())))))
        for key, counts in counted.items() if wanted else ():
            series.setdefault((key, _name(key, names)), []).append((day, all_figures(counts, wanted)))
    return series
