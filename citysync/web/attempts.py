"""How often an address may fail to sign in: guessing is slow, whichever of several servers is asked."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from ipaddress import IPv6Address, ip_address, ip_network

from citysync.storage import attempts
from citysync.web.sessions import Ledger


class Attempts:
    """Failed attempts by address (by /64 where addresses are plenty), counted in the ledger for five minutes."""

    def __init__(self, ledger: Ledger, now: Callable[[], datetime]) -> None:
        self._ledger, self._now = ledger, now

    def spend(self, address: str) -> int | None:
        """Count an attempt and return its number; None where an address has failed too often to be heard now."""
        whose = _whose(address)
        if attempts.too_many(self._ledger.store(), whose, self._now()):  # who is refused anyway writes nothing
            return None
        with self._ledger.writable() as store:
            return attempts.spend(store, whose, self._now())

    def forgive(self, attempt: int) -> None:
        """Forget an attempt that was no failure."""
        with self._ledger.writable() as store:
            attempts.forgive(store, attempt)


def _whose(address: str) -> str:
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    return str(ip_network((found, 64), strict=False)) if isinstance(found, IPv6Address) else address
