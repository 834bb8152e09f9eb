"""One difference of a city by itself: what it changes in the rows, and what is true while it lasts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from citysync.simulator.columns import PLACE, Row, changed
from citysync.simulator.draft import Draft, Slot
from citysync.simulator.truth import FINDING_KEYS, PLACE_KEYS, Record


@dataclass(frozen=True)
class Difference:
    """A change of a city's rows that touches no other one's.

    ``slots``: place of an obligation in the draft → its rows meanwhile; ``extra``: rows beside them; ``findings``,
    ``rejections``, ``counts``: what it adds to the truth.
    """

    kind: str
    slots: Mapping[int, tuple[Row, ...]] = field(default_factory=dict)
    extra: tuple[Row, ...] = ()
    findings: tuple[Record, ...] = ()
    rejections: tuple[Record, ...] = ()
    counts: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Lasting:
    """A difference and the nights it lasts: (first, last) from 0, both included; several where it comes back."""

    difference: Difference
    spans: tuple[tuple[int, int], ...]

    def on(self, night: int) -> bool:
        """Return whether the difference is there on a night."""
        return any(first <= night <= last for first, last in self.spans)


def taken_apart(draft: Draft, kind: str, inject: Callable[[Draft], bool]) -> Difference | None:
    """Return what an injection does to a draft, and undo it; None where the city has no room for it.

    The obligation it took stays taken, so that no two differences meet in one row.
    """
    rows = [tuple(slot.rows) for slot in draft.slots]
    extra, found, refused = len(draft.extra), len(draft.findings), len(draft.rejections)
    counts = Counter(draft.counts)
    if not inject(draft):
        return None
    moved = Counter(draft.counts)
    moved.subtract(counts)
    difference = Difference(
        kind,
        {place: tuple(slot.rows) for place, slot in enumerate(draft.slots) if tuple(slot.rows) != rows[place]},
        tuple(draft.extra[extra:]),
        tuple(draft.findings[found:]),
        tuple(draft.rejections[refused:]),
        {name: count for name, count in moved.items() if count},
    )
    for slot, before in zip(draft.slots, rows, strict=True):
        slot.rows[:] = before
    del draft.extra[extra:], draft.findings[found:], draft.rejections[refused:]
    draft.counts = counts
    return difference


def recoded(difference: Difference, body: str) -> Difference:
    """Return the same difference in a row whose 实施主体 got another code: another row for everybody who looks."""
    (place,) = difference.slots
    (row,) = difference.slots[place]
    old = row[PLACE["task_code"]] or ""
    new = f"{body}{old[18:]}"
    again = changed(row, {"task_code": new, "dept_code": body})
    findings = tuple({**found, "task_code": new} for found in difference.findings)
    return replace(difference, kind=f"{difference.kind}+recoded", slots={place: (again,)}, findings=findings)


def finding(check: str, row: Row, field_name: str, expected: str | None) -> Record:
    """Return a finding about a row whose actual value is what the row says."""
    place = {key: row[PLACE[key]] for key in PLACE_KEYS}
    values = {"check": check, **place, "field": field_name, "expected": expected, "actual": row[PLACE[field_name]]}
    return {key: values[key] for key in FINDING_KEYS}


def absence(slot: Slot) -> Record:
    """Return the finding that nothing meets an obligation."""
    values: Record = dict.fromkeys(FINDING_KEYS)
    values |= {"check": "unclaimed", "catalog_code": slot.item.code, "areacode": slot.region.code}
    return values | {"field": "catalog_code", "expected": slot.item.code}


def unmet(draft: Draft, slot: Slot, **counts: int) -> tuple[tuple[Record, ...], dict[str, int]]:
    """Return findings and counts of an obligation nobody meets: unproved sources cannot be told what they lack."""
    found = (absence(slot),) if draft.proves else ()
    return found, {**counts, "unmet": 1, **({"missing": 1} if draft.proves else {})}


def rows_of(slots: Sequence[Slot]) -> list[Row]:
    """Return all rows of some obligations."""
    return [row for slot in slots for row in slot.rows]
