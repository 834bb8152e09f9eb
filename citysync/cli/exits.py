"""Which exit code a set of verdicts earns, like ``diff``: 0 in sync, 1 flagged, 3 our side or the master's."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from citysync.domain.verdict import FLAGGED, Fault, State

IN_SYNC, FLAGGED_CITIES, USAGE, OURS = 0, 1, 2, 3
NOBODYS_FAILURE = frozenset({"paused", "never_run"})


def exit_code(cities: Iterable[Mapping[str, Any]]) -> int:
    """Return 3 before 1 before 0 for cities of the published document.

    A city that is unknown because it is paused or never ran does not count.
    """
    seen = list(cities)
    if any(_failed_by_us(city) for city in seen):
        return OURS
    return FLAGGED_CITIES if any(State(city["state"]) in FLAGGED for city in seen) else IN_SYNC


def _failed_by_us(city: Mapping[str, Any]) -> bool:
    if State(city["state"]) is not State.UNKNOWN:
        return False
    return any(
        reason["fault"] in {Fault.OURS, Fault.MASTER} and reason["code"] not in NOBODYS_FAILURE
        for reason in city["reasons"]
    )
