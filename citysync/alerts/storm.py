"""Many cities unreachable in one run are one message, not many. Pure."""

from __future__ import annotations

from citysync.domain.alert import Night
from citysync.domain.verdict import Fault, State

MANY = 5
QUARTER, AT_LEAST = 4, 3


def storm(night: Night) -> frozenset[str]:
    """Return the cities whose failures are told as one: those of one incident of ours, or too many alike by network.

    Five cities or more, or a quarter of them where that is three or more. Faults of data are each city's own.
    """
    if night.alike:
        return night.alike
    unreached = {city.code for city in night.cities if city.state is State.NOT_SYNCED and city.fault is Fault.NETWORK}
    enough = min(MANY, max(AT_LEAST, -(-len(night.cities) // QUARTER)))
    return frozenset(unreached) if len(unreached) >= enough else frozenset()
