"""Reading a day's figures out of the ledger: what was counted, what it was before, who missed a target."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Literal

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
    report = _report(store, names, by, on, days)
    series = _series(store, names, by, tallies.days_counted(store, on)) if targets or trend else {}
    groups = {key: days for key, days in series.items() if key != TOTAL}
    return Seen(report, unmet(targets, groups, on), targets, series)


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


def _series(store: Store, names: Mapping[str, str], by: By, days: Iterable[date]) -> Series:
    series: Series = {TOTAL: []}
    for day in days:
        counted = _counts(store, names, by, day)
        series[TOTAL].append((day, all_figures(summed(list(counted.values())))))
        for key, counts in counted.items():
            series.setdefault((key, _name(key, names)), []).append((day, all_figures(counts)))
    return series
