"""Working days with 调休: weekends that are worked and weekdays that are off, from a table in this folder.

Source of the table: the State Council's yearly notices on public holidays, 2013 to 2026. Beyond the last published
year weekends decide, and the answer says that it is an estimate (估算).
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from importlib.resources import files

_SATURDAY = 5


@dataclass(frozen=True, slots=True)
class Calendar:
    """Exceptions to the plain week: day → is it worked; ``last_year``: the last year whose notice is in the table."""

    exceptions: Mapping[date, bool]
    last_year: int

    def is_workday(self, day: date) -> bool:
        """Return whether the day is worked."""
        return self.exceptions.get(day, day.weekday() < _SATURDAY)

    def add_workdays(self, start: date, count: int) -> date:
        """Return the day on which ``count`` working days after ``start`` have passed; ``start`` is not counted."""
        day = start
        for _ in range(count):
            day += timedelta(days=1)
            while not self.is_workday(day):
                day += timedelta(days=1)
        return day

    def workdays_between(self, start: date, end: date) -> int:
        """Return how many working days have passed since ``start``, which is not counted; ``end`` is. Never below 0."""
        weeks, rest = divmod(max(0, (end - start).days), 7)
        odd = (start + timedelta(days=number) for number in range(1, rest + 1))
        plain = weeks * _SATURDAY + sum(day.weekday() < _SATURDAY for day in odd)
        moved = (worked - (day.weekday() < _SATURDAY) for day, worked in self.exceptions.items() if start < day <= end)
        return plain + sum(moved)

    def estimated(self, day: date) -> bool:
        """Return whether no published calendar covers the day: weekends alone decide there."""
        return day.year > self.last_year

    def shown(self, deadline: date) -> str:
        """Return a deadline as people read it; one beyond the last published year is marked 估算."""
        return f"{deadline.isoformat()}（估算）" if self.estimated(deadline) else deadline.isoformat()


@cache
def calendar() -> Calendar:
    """Return the calendar in this folder."""
    text = (files("citysync.domain") / "workdays.csv").read_text(encoding="utf-8")
    rows = {date.fromisoformat(row["date"]): row["worked"] == "1" for row in csv.DictReader(text.splitlines())}
    return Calendar(rows, max(day.year for day in rows))
