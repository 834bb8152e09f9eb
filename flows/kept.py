"""Sums of days, kept from one question to the next: what a run published never changes, nor do the sums of its runs."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from citysync.domain.tallies import COUNTS
from citysync.storage import daily
from citysync.storage.engine import Store
from citysync.storage.tallies import Group

MOST_DAYS = 1_000  # ninety for each way of looking at them, and of everybody who may see fewer cities
_ROWS = ("accepted", "rejected")  # a verdict's own counts
Counts = dict[str, dict[str, int]]  # group → count by name
_Key = tuple[Group, tuple[tuple[str, str], ...]]


class Kept:
    """What days came to, by the runs they rest on; the days least asked for are forgotten first. Safe among threads.

    A run is known by its id, which no other run ever has: not even one of a ledger restored from a backup.
    """

    def __init__(self) -> None:
        self._known: OrderedDict[_Key, Counts] = OrderedDict()
        self._lock = threading.Lock()

    def counts(self, store: Store, by: Group, days: Mapping[date, daily.Runs]) -> dict[date, Counts]:
        """Return each day's counts by group; only days that rest on other runs than any before are read."""
        keys = {day: _key(by, runs) for day, runs in days.items()}
        with self._lock:
            found = {key: self._known[key] for key in keys.values() if key in self._known}
        new = {key: day for day, key in keys.items() if key not in found}
        found |= dict(zip(new, _read(store, by, {day: days[day] for day in new.values()}), strict=True))
        self._keep(found)
        return {day: dict(found[key]) for day, key in keys.items()}

    def _keep(self, found: Mapping[_Key, Counts]) -> None:
        with self._lock:
            for key, counts in found.items():
                self._known[key] = counts
                self._known.move_to_end(key)
            while len(self._known) > MOST_DAYS:
                self._known.popitem(last=False)


def _key(by: Group, runs: daily.Runs) -> _Key:
    return by, tuple((each.city_code, each.run_id) for each in runs)


def _read(store: Store, by: Group, days: Mapping[date, daily.Runs]) -> Iterable[Counts]:
    """Return the counts of some days, in their order; the verdicts' own counts are of cities only."""
    totals = daily.totals_of(store, by, days)
    known = {day: _summed_by(by, rows) for day, rows in totals.items()}
    counted = daily.counted_of(store, days) if by == "city_code" else {}
    for day, rows in counted.items():
        for row in rows:
            said = {name: int(row["counts"][name]) for name in _ROWS}
            known[day][row["city_code"]] = {**known[day].get(row["city_code"], {}), **said}
    return known.values()


def _summed_by(column: str, rows: Iterable[Mapping[str, Any]]) -> Counts:
    return {str(row[column]): {name: int(row[name]) for name in COUNTS} for row in rows if row[column] is not None}
