"""A straight cost model fitted to measured runs: least squares of the relative errors, in plain Python."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fit:
    """What each unit costs, and the largest share by which the model misses a measured run."""

    coefficients: tuple[float, ...]
    residual: float


def fit(units: Sequence[Sequence[float]], measured: Sequence[float]) -> Fit:
    """Return the cost of each unit. ``units``: how many of each a run had; ``measured``: what it cost, above zero.

    Errors count by their share of the run, so that a small run weighs as much as a large one.
    """
    sizes = [max(map(abs, column)) or 1.0 for column in zip(*units, strict=True)]  # so that no unit is a speck
    scaled = [
        [each / size / cost for each, size in zip(run, sizes, strict=True)]
        for run, cost in zip(units, measured, strict=True)
    ]
    size = len(sizes)
    normal = [
        [sum(run[row] * run[column] for run in scaled) for column in range(size)] + [sum(run[row] for run in scaled)]
        for row in range(size)
    ]
    found = _solved(normal)
    missed = [abs(sum(share * cost for share, cost in zip(run, found, strict=True)) - 1) for run in scaled]
    return Fit(tuple(cost / each for cost, each in zip(found, sizes, strict=True)), max(missed))


def _solved(equations: list[list[float]]) -> list[float]:
    """Eliminate; raise ValueError for runs that do not tell two units apart."""
    size, speck = len(equations), 1e-12 * max(abs(value) for row in equations for value in row)
    for place in range(size):
        best = max(range(place, size), key=lambda row: abs(equations[row][place]))
        equations[place], equations[best] = equations[best], equations[place]
        head = equations[place][place]
        if abs(head) <= speck:
            raise ValueError("the runs do not tell the units apart: vary each of them")
        equations[place] = [value / head for value in equations[place]]
        for row in range(size):
            if row != place:
                times = equations[row][place]
                above = equations[place]
                equations[row] = [value - times * up for value, up in zip(equations[row], above, strict=True)]
    return [row[-1] for row in equations]
