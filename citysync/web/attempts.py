"""How often an address may fail to sign in: guessing is slow, and nobody's memory is filled by it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address, ip_network
from threading import Lock

MOST = 10
WITHIN = timedelta(minutes=5)
_ADDRESSES = 10_000


class Attempts:
    """Failed attempts by address (by /64 where addresses are plenty), kept for five minutes."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._failed: dict[str, deque[datetime]] = {}
        self._lock = Lock()

    def too_many(self, address: str) -> bool:
        """Return whether an address has failed too often to be heard now."""
        with self._lock:
            return len(self._recent(_whose(address))) >= MOST

    def failed(self, address: str) -> None:
        """Write down that an address failed; the oldest address is forgotten where there are very many."""
        whose = _whose(address)
        with self._lock:
            times = self._recent(whose)
            times.append(self._now())
            self._failed.pop(whose, None)
            self._failed[whose] = times
            while len(self._failed) > _ADDRESSES:
                self._failed.pop(next(iter(self._failed)))

    def _recent(self, whose: str) -> deque[datetime]:
        times, since = self._failed.get(whose, deque(maxlen=MOST)), self._now() - WITHIN
        while times and times[0] <= since:
            times.popleft()
        return times


def _whose(address: str) -> str:
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    return str(ip_network((found, 64), strict=False)) if isinstance(found, IPv6Address) else address
