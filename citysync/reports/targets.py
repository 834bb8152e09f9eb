"""Who did not meet a target by its date (未达标名单), and since when. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from citysync.domain.figures import MEASURES, Figure, percent


@dataclass(frozen=True, slots=True)
class Target:
    """What a figure should reach by a day: at least ``rate``, or at most where less is better."""

    measure: str
    rate: Fraction
    by: date
    document: str = ""

    def met(self, value: Figure) -> bool | None:
        """Return whether a figure meets the target; None where the figure is not known."""
        if value.rate is None:
            return None
        return value.rate >= self.rate if MEASURES[self.measure].higher_is_better else value.rate <= self.rate


@dataclass(frozen=True, slots=True)
class Unmet:
    """One name on the list. ``since``: the first day of the unbroken run of days on which the target was missed.

    ``value`` None: the figure is not known, which is not "met"; ``overdue``: the target's day has passed.
    """

    key: str
    name: str
    target: Target
    value: Figure | None
    since: date
    overdue: bool

    def as_dict(self) -> dict[str, object]:
        """Return the entry for JSON."""
        return {
            "key": self.key,
            "name": self.name,
            "measure": self.target.measure,
            "label": MEASURES[self.target.measure].label,
            "target": percent(self.target.rate),
            "by": self.target.by.isoformat(),
            "document": self.target.document,
            "value": self.value.percent if self.value else "—",
            "since": self.since.isoformat(),
            "overdue": self.overdue,
        }


def unmet(
    targets: Iterable[Target],
    series: Mapping[tuple[str, str], Sequence[tuple[date, Mapping[str, Figure]]]],
    on: date,
) -> list[Unmet]:
    """Return the list for a day, the longest waiting first.

    ``series``: (key, name) → (day, figures by measure) of every day known, oldest first. A group without the figure at
    all (no such items) is not on the list; one whose figure became unknown stays on it if it was missed before.
    """
    listed = [
        found
        for target in targets
        for (key, name), days in series.items()
        if (found := _judged(target, key, name, days, on)) is not None
    ]
    return sorted(listed, key=lambda each: (not each.overdue, each.since, each.target.measure, each.key))


def _judged(
    target: Target, key: str, name: str, days: Sequence[tuple[date, Mapping[str, Figure]]], on: date
) -> Unmet | None:
    since: date | None = None
    value: Figure | None = None
    for day, figures in days:
        if day > on:
            break
        value = figures.get(target.measure)
        met = None if value is None else target.met(value)
        if met is False:
            since = since or day
        elif met is True:
            since = None
    return None if since is None else Unmet(key, name, target, value, since, overdue=on > target.by)
