"""The figures of a day as one object: pages, JSON, receipts and screens show this and compute nothing. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from citysync.domain.figures import MEASURES, Figure, all_figures, points, summed

Counts = Mapping[str, int]


@dataclass(frozen=True)
class Group:
    """One city, county or department: its counts, and what they were (``before``) on the days compared with."""

    key: str
    name: str
    counts: Counts
    before: Mapping[str, Counts] = field(default_factory=dict)

    @property
    def figures(self) -> dict[str, Figure]:
        """Return every figure the counts speak of."""
        return all_figures(self.counts)

    def change(self, measure: str, since: str) -> str:
        """Return the change of a figure in points since a day compared with; ``—`` where it is not known."""
        now, then = (
            all_figures(counts, (measure,)).get(measure) for counts in (self.counts, self.before.get(since, {}))
        )
        return "—" if now is None or then is None else points(now, then)

    def as_dict(self) -> dict[str, object]:
        """Return the group for JSON."""
        figures = [
            {**value.as_dict(), "change": {since: self.change(name, since) for since in self.before}}
            for name, value in self.figures.items()
        ]
        return {"key": self.key, "name": self.name, "figures": figures, "counts": dict(self.counts)}


@dataclass(frozen=True)
class Report:
    """All figures of a day.

    ``asked``: the cities asked for, the denominator; ``counted``: city code → the business date of the run its counts
    come from; a city that was never adopted is not in it, and is in no sum. ``days``: label → day compared with.
    """

    on: date
    by: str
    groups: Sequence[Group]
    asked: Collection[str]
    counted: Mapping[str, date]
    days: Mapping[str, date] = field(default_factory=dict)

    @property
    def total(self) -> Group:
        """Return the whole: added up from the groups' counts, never from their rates."""
        before = {label: summed([group.before.get(label, {}) for group in self.groups]) for label in self.days}
        return Group("total", "合计", summed([group.counts for group in self.groups]), before)

    @property
    def uncounted(self) -> list[str]:
        """Return the cities asked for whose directory was never adopted."""
        return sorted(set(self.asked) - set(self.counted))

    def complete(self, measure: str = "onboard") -> int:
        """Return how many groups lack nothing in one figure."""
        return sum(found.complete for group in self.groups if (found := group.figures.get(measure)) is not None)

    @property
    def total_groups(self) -> int:
        """Return of how many ``complete`` tells: every city asked for, also one whose directory never came."""
        return len(self.asked) if self.by == "city" else len(self.groups)

    def as_dict(self) -> dict[str, object]:
        """Return the one document of ``figures --json``."""
        return {
            "schema_version": 1,
            "on": self.on.isoformat(),
            "by": self.by,
            "cities": {
                "asked": len(self.asked),
                "counted": len(self.counted),
                "uncounted": self.uncounted,
                "dates": {code: day.isoformat() for code, day in sorted(self.counted.items())},
            },
            "compared_with": {label: day.isoformat() for label, day in self.days.items()},
            "formulas": {name: measure.formula for name, measure in MEASURES.items()},
            "complete": {"onboard": self.complete(), "of": self.total_groups},
            "total": self.total.as_dict(),
            "groups": [group.as_dict() for group in self.groups],
        }
