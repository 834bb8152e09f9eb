"""A person's leave to adopt what the guard would hold: a ceiling, with an expiry and a reason."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class Held(StrEnum):
    """What the guard counts; every hold but those of ``[expect]`` is lifted by an approval of its kind."""

    VANISHED = "vanished"  # items gone since the last good snapshot
    APPEARED = "appeared"  # rows more than the median of the last good runs
    CHANGED = "changed"  # items in which one field turned empty or changed
    EMPTY = "empty"  # no row at all


HELD_LABELS = {Held.VANISHED: "消失", Held.APPEARED: "多出", Held.CHANGED: "变空或改动", Held.EMPTY: "收到 0 条"}


@dataclass(frozen=True, slots=True)
class Approval:
    """One ceiling. ``spent``: how much of it earlier nights adopted, so that an outage that goes on is held again.

    ``until``: the last business date it holds for; ``field``: the column, for ``CHANGED`` only.
    """

    serial: int
    kind: Held
    ceiling: int
    spent: int
    until: date
    approved_by: str
    reason: str
    field: str | None = None

    def lifts(self, kind: Held, amount: int, on: date, field: str | None = None) -> bool:
        """Return whether this lifts a hold of so much on a business date."""
        return self.kind is kind and self.field == field and on <= self.until and amount <= self.ceiling - self.spent


@dataclass(frozen=True, slots=True)
class Use:
    """What an adopted night took of an approval; an empty directory takes nothing, only its expiry ends that leave."""

    serial: int
    amount: int
