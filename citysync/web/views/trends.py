"""A rate over the days as a line, beside its target: numbers for SVG. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import groupby

WIDE, HIGH = 120, 32
_MARGIN = 3


@dataclass(frozen=True, slots=True)
class Trend:
    """A line in a box of ``WIDE`` by ``HIGH``: its pieces (a gap where there was no rate), and the target's height."""

    pieces: tuple[str, ...]
    target: float | None
    words: str


def trend(values: Sequence[Fraction | None], target: Fraction | None, words: str) -> Trend:
    """Return the line of a rate, oldest day first; the box spans what was seen and the target, so it shows change."""
    known = [value for value in (*values, target) if value is not None]
    low, high = (min(known), max(known)) if known else (Fraction(0), Fraction(1))
    spread = high - low or Fraction(1)
    step = WIDE / max(1, len(values) - 1)

    def height(value: Fraction) -> float:
        return round(HIGH - _MARGIN - float((value - low) / spread) * (HIGH - 2 * _MARGIN), 1)

    placed = [None if value is None else (round(place * step, 1), height(value)) for place, value in enumerate(values)]
    pieces = [list(group) for there, group in groupby(placed, key=lambda point: point is not None) if there]
    drawn = tuple(" ".join(f"{point[0]},{point[1]}" for point in piece if point) for piece in pieces if len(piece) > 1)
    return Trend(drawn, None if target is None else height(target), words)
