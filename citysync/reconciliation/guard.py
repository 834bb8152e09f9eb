"""Holding back what would change a city's directory wholesale, before anything is compared or adopted.

The bounds are the city's own. ``Arrival.history`` is the place of the guard over the last good runs (counts down by
more than a fifth, up by more than a half); today it only lends its figure to the text of an emptied directory.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from citysync.domain.city import Expect
from citysync.domain.verdict import Axis, Fault, Reason, Standing


@dataclass(frozen=True, slots=True)
class Arrival:
    """How many rows came, how many the city's file expects, and how many came in the last good runs, newest last."""

    received: int
    expect: Expect
    history: tuple[int, ...] = ()


def hold(arrival: Arrival) -> tuple[Reason, ...]:
    """Return why a directory must wait for a person; nothing if it may be compared.

    Zero rows received are never judged as zero items, whatever the bounds say.
    """
    rules = (_zero_items,) if arrival.received == 0 else _BOUNDS
    return tuple(reason for rule in rules if (reason := rule(arrival)) is not None)


def _zero_items(arrival: Arrival) -> Reason:
    before = f"上次 {arrival.history[-1]:,} 条，" if arrival.history else ""
    text = f"清空保护：{before}本次 0 条，未采用，未判缺失；请市级核实接口是否返回了全部事项"
    return _held("zero_items", Fault.CITY, text)


def _below_min_items(arrival: Arrival) -> Reason | None:
    least = arrival.expect.min_items
    if least is None or arrival.received >= least:
        return None
    text = f"本次 {arrival.received:,} 条，少于约定的 {least:,} 条，未采用；请核实是否漏传，属实则调整 expect.min_items"
    return _held("below_min_items", Fault.CITY, text)


def _above_max_items(arrival: Arrival) -> Reason | None:
    most = arrival.expect.max_items
    if most is None or arrival.received <= most:
        return None
    text = f"本次 {arrival.received:,} 条，多于约定的 {most:,} 条，未采用；请核实是否重复，属实则调整 expect.max_items"
    return _held("above_max_items", Fault.DATA, text)


def _held(code: str, fault: Fault, text: str) -> Reason:
    return Reason(code, Axis.COMPLETE, Standing.FAILING, fault, text)


_BOUNDS: tuple[Callable[[Arrival], Reason | None], ...] = (_below_min_items, _above_max_items)
