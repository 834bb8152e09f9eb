"""A change of a city's state: what alerts follow from, instead of from "tonight it is red"."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from citysync.domain.verdict import State, Verdict


@dataclass(frozen=True, slots=True)
class Transition:
    """One city left one state for another. ``before`` is None for a city that had never been judged.

    ``since``: the moment from which the city is in its new state; ``verdict``: what that state rests on.
    """

    city_code: str
    before: State | None
    after: State
    since: datetime
    verdict: Verdict
