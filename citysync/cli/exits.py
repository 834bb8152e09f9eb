"""Which exit code a set of verdicts earns, like ``diff``: 0 in sync, 1 flagged, 3 our side or the master's."""

from __future__ import annotations

from collections.abc import Iterable

from citysync.domain.verdict import FLAGGED, Fault, State

IN_SYNC, FLAGGED_CITIES, USAGE, OURS = 0, 1, 2, 3


def exit_code(verdicts: Iterable[tuple[State, frozenset[Fault]]]) -> int:
    """Return 3 before 1 before 0; a city unknown because it is paused or never ran does not count."""
    seen = list(verdicts)
    if any(state is State.UNKNOWN and faults & {Fault.OURS, Fault.MASTER} for state, faults in seen):
        return OURS
    return FLAGGED_CITIES if any(state in FLAGGED for state, _ in seen) else IN_SYNC
