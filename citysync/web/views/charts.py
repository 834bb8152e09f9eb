"""Small pictures as numbers: the points of a line and the bars of a strip. Templates only draw them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby

from citysync.domain.verdict import State

WIDE, HIGH = 90, 20
STRIP_HIGH = 16
DAY = 6  # how wide a day is in a strip: near its width on a screen, so that patterns keep their shape
# The height tells what colour tells: nothing is told by colour alone.
_HEIGHTS = {
    State.IN_SYNC: 5,
    State.LAGGING: 9,
    State.OUT_OF_SYNC: 16,
    State.NOT_SYNCED: 16,
    State.HELD: 16,
    State.UNKNOWN: 12,
}


@dataclass(frozen=True, slots=True)
class Line:
    """A line in a box of ``WIDE`` by ``HIGH``: its pieces (a gap where nothing was counted), and its last point."""

    pieces: tuple[str, ...]
    dot: tuple[float, float] | None
    words: str


@dataclass(frozen=True, slots=True)
class Bar:
    """Days in a row with the same state: ``x`` and ``width`` in parts of ``DAY``."""

    x: int
    width: int
    y: int
    height: int
    css: str
    words: str


def line(values: Sequence[int | None], words: str) -> Line:
    """Return the line of a series, oldest first; it stands on zero, so that two cities can be compared."""
    top = max((value for value in values if value is not None), default=0) or 1
    step = WIDE / max(1, len(values) - 1)
    placed = [
        None if value is None else (round(place * step, 1), round(HIGH - 2 - value / top * (HIGH - 4), 1))
        for place, value in enumerate(values)
    ]
    pieces = [list(group) for there, group in groupby(placed, key=lambda point: point is not None) if there]
    drawn = tuple(" ".join(f"{point[0]},{point[1]}" for point in piece if point) for piece in pieces if len(piece) > 1)
    return Line(drawn, placed[-1] if placed else None, words)


def strip(
    nights: Iterable[tuple[date, State]], since: date, on: date, words: Callable[[date, date, State], str]
) -> tuple[Bar, ...]:
    """Return one bar for each stretch of days with one state, from a day to another; days without a run stay empty."""
    states = dict(nights)
    days = [since + timedelta(days=number) for number in range((on - since).days + 1)]
    bars: list[Bar] = []
    for state, group in groupby(enumerate(days), key=lambda each: states.get(each[1])):
        if state is None:
            continue
        stretch = list(group)
        height = _HEIGHTS[state]
        told = words(stretch[0][1], stretch[-1][1], state)
        bars.append(
            Bar(
                stretch[0][0] * DAY,
                len(stretch) * DAY,
                STRIP_HIGH - height,
                height,
                state.value.replace("_", "-"),
                told,
            )
        )
    return tuple(bars)
