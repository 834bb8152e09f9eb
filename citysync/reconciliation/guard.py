"""Holding back what would change a city's directory wholesale, before anything is compared or adopted.

A hold is a question to a person, not a finding: the last good snapshot stays in force until somebody approves so much
of the change, or the source is right again. The bounds of ``[expect]`` are the city's own; ``[guard]`` measures against
its past. On a first run there is none: only an empty directory and the bounds hold.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property
from statistics import median

from citysync.domain.approval import Held, Use
from citysync.domain.city import City
from citysync.domain.kept_rows import KeptRows
from citysync.domain.memory import LastGood, Memory
from citysync.domain.verdict import Axis, Fault, Reason, Standing
from citysync.reconciliation import guard_texts as texts
from citysync.reconciliation.field_shift import Shift, shifts, touched
from citysync.reconciliation.turnover import Turnover, turnover


@dataclass(frozen=True)
class Arrival:
    """What came for a city on a business date, and what is remembered of it."""

    rows: KeptRows
    city: City
    memory: Memory
    on: date

    @property
    def received(self) -> int:
        """Return how many rows came."""
        return self.rows.height

    @cached_property
    def moved(self) -> Turnover | None:
        """Return the two nights side by side, None if there is no last good one."""
        last = self.memory.last_good
        return None if last is None else turnover(last.rows, self.rows, self.city)


@dataclass(frozen=True, slots=True)
class Hold:
    """Something the guard asks about: how much of it, what an approval must say, the reason if nobody approved."""

    kind: Held
    amount: int
    reason: Reason
    field: str | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What the guard says: the reasons to hold (none: go on), and what approvals lifted."""

    held: tuple[Reason, ...] = ()
    uses: tuple[Use, ...] = ()


def guard(arrival: Arrival) -> Answer:
    """Return whether a directory must wait for a person; nothing is lifted in part.

    Zero rows received are never judged as zero items, whatever the bounds say.
    """
    holds = [_zero_items(arrival)] if arrival.received == 0 else [*_turnover_holds(arrival)]
    lifted = {hold: use for hold in holds if (use := _lifted(hold, arrival)) is not None}
    bounds = () if arrival.received == 0 else tuple(_bounds(arrival))
    held = (*bounds, *(hold.reason for hold in holds if hold not in lifted))
    return Answer(held, () if held else tuple(lifted.values()))


def limit(ratio: float, count: float) -> int:
    """Return the most of ``count`` that may change: the ratio of it, rounded down, but one item in any case."""
    return max(1, math.floor(Decimal(str(ratio)) * Decimal(str(count))))


def _lifted(hold: Hold, arrival: Arrival) -> Use | None:
    for approval in arrival.memory.approvals:
        if approval.lifts(hold.kind, hold.amount, arrival.on, hold.field):
            return Use(approval.serial, 0 if hold.kind is Held.EMPTY else hold.amount)
    return None


def _zero_items(arrival: Arrival) -> Hold:
    before = arrival.memory.good_counts[-1] if arrival.memory.good_counts else None
    reason = _held("zero_items", Fault.CITY, texts.zero(arrival.city, before))
    return Hold(Held.EMPTY, 0, reason)


def _turnover_holds(arrival: Arrival) -> Iterator[Hold]:
    """Yield what is too much against the past: by count against the median, by key and field against the last good.

    Where few rows are in doubt, hashes alone show that no key and no field can be over its limit: no text is read.
    """
    last, counts = arrival.memory.last_good, arrival.memory.good_counts
    usual = median(counts) if counts else 0
    if not usual:
        return
    moved = arrival.moved
    yield from _vanished(arrival, usual, moved)
    yield from _appeared(arrival, usual)
    ratio = arrival.city.guard.max_field_ratio
    if moved is not None and last is not None and moved.doubtful > limit(ratio, moved.settled):
        yield from (_field(arrival.city, shift, last) for shift in shifts(moved, limit(ratio, moved.kept)))


def _vanished(arrival: Arrival, usual: float, moved: Turnover | None) -> Iterator[Hold]:
    ratio = arrival.city.guard.max_vanished_ratio
    fewer = math.ceil(usual - arrival.received)
    by_count = fewer > limit(ratio, usual)
    if not (by_count or (moved is not None and _too_many_keys_gone(moved, ratio))):
        return
    gone = 0 if moved is None else moved.vanished.height
    amount = max(fewer, gone)
    said = texts.Vanished(arrival.received, usual, amount, ratio, _last_on(arrival), moved, _touched(moved))
    reason = _held("vanished", Fault.CITY, texts.vanished(arrival.city, said))
    yield Hold(Held.VANISHED, amount, reason)


def _too_many_keys_gone(moved: Turnover, ratio: float) -> bool:
    return moved.doubtful > limit(ratio, moved.settled) and moved.vanished.height > limit(ratio, moved.before)


def _appeared(arrival: Arrival, usual: float) -> Iterator[Hold]:
    ratio = arrival.city.guard.max_appeared_ratio
    more = math.ceil(arrival.received - usual)
    if more <= limit(ratio, usual):
        return
    text = texts.appeared(arrival.city, arrival.received, usual, more, ratio, _last_on(arrival))
    yield Hold(Held.APPEARED, more, _held("appeared", Fault.DATA, text))


def _field(city: City, shift: Shift, last: LastGood) -> Hold:
    reason = _held("field_shift", Fault.CITY, texts.field(city, shift, last.on))
    return Hold(Held.CHANGED, shift.amount, reason, shift.field)


def _touched(moved: Turnover | None) -> int:
    return 0 if moved is None else touched(moved)


def _last_on(arrival: Arrival) -> date | None:
    return None if arrival.memory.last_good is None else arrival.memory.last_good.on


def _bounds(arrival: Arrival) -> Iterator[Reason]:
    """Yield the bounds of the city's own file that are broken; whoever wrote them changes them there."""
    least, most = arrival.city.expect.min_items, arrival.city.expect.max_items
    if least is not None and arrival.received < least:
        yield _held("below_min_items", Fault.CITY, texts.below(arrival.received, least))
    if most is not None and arrival.received > most:
        yield _held("above_max_items", Fault.DATA, texts.above(arrival.received, most))


def _held(code: str, fault: Fault, text: str) -> Reason:
    return Reason(code, Axis.COMPLETE, Standing.FAILING, fault, text)
