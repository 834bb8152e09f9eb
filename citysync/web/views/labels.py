"""Words and shapes that every page shares: the labels of the domain, said in the asker's language, once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from citysync.domain.verdict import (
    AXIS_LABELS,
    FAULT_LABELS,
    STANDING_LABELS,
    STATE_LABELS,
    STATE_SIGNS,
    Axis,
    Fault,
    Standing,
    State,
)

Say = Callable[[str], str]
# What needs somebody first: held waits for a person today, lagging has time, in sync needs nobody.
URGENCY = (State.HELD, State.NOT_SYNCED, State.OUT_OF_SYNC, State.UNKNOWN, State.LAGGING, State.IN_SYNC)
SHOWN = (State.IN_SYNC, State.LAGGING, State.OUT_OF_SYNC, State.NOT_SYNCED, State.HELD, State.UNKNOWN)
NAMED = 3  # causes named in one breath
_EXAMPLE = "（例："
_STANDING_SIGNS = {Standing.OK: "✓", Standing.GRACE: "◐", Standing.UNKNOWN: "?", Standing.FAILING: "✗"}


@dataclass(frozen=True, slots=True)
class Mark:
    """A state as it is shown everywhere: a word, a shape, and the name of a colour in the style sheet."""

    word: str
    short: str
    sign: str
    css: str


@dataclass(frozen=True, slots=True)
class AxisMark:
    """One of the five questions: how it stands, as a sign and a word."""

    label: str
    sign: str
    word: str
    css: str


def mark(state: State, say: Say) -> Mark:
    """Return how a state is shown."""
    label = STATE_LABELS[state]
    return Mark(say(label), say(label.partition("（")[0]), STATE_SIGNS[state], state.value.replace("_", "-"))


def axes(told: Mapping[str, str], say: Say) -> tuple[AxisMark, ...]:
    """Return the five axes of a verdict, in their order."""
    words = {standing.word: standing for standing in Standing}
    return tuple(_axis(axis, words[told.get(axis.value, "unknown")], say) for axis in Axis)


def _axis(axis: Axis, standing: Standing, say: Say) -> AxisMark:
    return AxisMark(say(AXIS_LABELS[axis]), _STANDING_SIGNS[standing], say(STANDING_LABELS[standing]), standing.word)


def side(reason: Mapping[str, Any], say: Say) -> str:
    """Return whose side a reason is on."""
    return say(FAULT_LABELS[Fault(reason["fault"])])


def cause(text: str) -> str:
    """Return the first clause of a reason's text, its example left out: what happened, in one breath."""
    return text.split("；", maxsplit=1)[0].partition(_EXAMPLE)[0]


def step(text: str) -> str:
    """Return the clause of a reason's text that says what to do; empty if none does."""
    return next((part for part in text.split("；")[1:] if part.startswith("请")), "")


def of_whom(text: str, code: str, name: str) -> str:
    """Return a text without the name of the city it is told of."""
    return text.removeprefix(f"{name}（{code}）").removeprefix(f"{name}：").removeprefix("：").strip()


def change(now: int, before: int | None) -> str:
    """Return a change as people read it: ``+3``, ``−2``, ``±0``, nothing where there is nothing to compare with."""
    if before is None:
        return ""
    difference = now - before
    return f"+{difference:,}" if difference > 0 else f"−{-difference:,}" if difference else "±0"
