"""A city that comes and goes: one message, then the digest, until it has settled. Pure.

Nagios weighs the last 21 results; with one run a night seven are enough, with a higher mark to start than to stop.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from citysync.domain.verdict import FLAGGED, State

WINDOW, CHANGES, SETTLED = 7, 3, 3


def is_restless(states: Sequence[State]) -> bool:
    """Return whether a city changed between good and flagged at least three times in its last seven runs."""
    flagged = [state in FLAGGED for state in states[-WINDOW:]]
    return sum(first != then for first, then in pairwise(flagged)) >= CHANGES


def has_settled(states: Sequence[State]) -> bool:
    """Return whether a city's last three runs said the same, good or flagged."""
    last = [state in FLAGGED for state in states[-SETTLED:]]
    return len(last) == SETTLED and len(set(last)) == 1


def interruptions(states: Sequence[State]) -> int:
    """Return how many of the last seven runs were flagged."""
    return sum(state in FLAGGED for state in states[-WINDOW:])
