"""Looks at the network from our own side, which tell our network's fault from a city's."""

from __future__ import annotations

import socket
from urllib.parse import urlsplit

from citysync.domain.city import City
from citysync.reconciliation.reach import Link

SECONDS = 10.0
_PORTS = {"http": 80, "https": 443, "postgresql": 5432, "mysql": 3306, "mariadb": 3306}
Address = tuple[str, int]


def answers(url: str) -> bool:
    """Return whether the host of ``CITYSYNC_PROBE_URL`` takes a connection: DNS, route and port from our side."""
    return look(_address(url)) is Link.OPEN


def address_of(city: City) -> Address | None:
    """Return the host and port a city's source lives at, None for one that has no host (a file, SQLite)."""
    url = getattr(city.source, "url", None)
    return _address(url) if isinstance(url, str) else None


def look(address: Address | None) -> Link:
    """Return how far a connection to an address comes; it is closed at once and nothing is sent."""
    if address is None:
        return Link.UNSEEN
    try:
        socket.create_connection(address, timeout=SECONDS).close()
    except socket.gaierror:
        return Link.NAMELESS
    except ConnectionRefusedError:
        return Link.REFUSED
    except OSError:
        return Link.SILENT
    return Link.OPEN


def _address(url: str) -> Address | None:
    parts = urlsplit(url)
    port = parts.port or _PORTS.get(parts.scheme.partition("+")[0])
    return (parts.hostname, port) if parts.hostname and port else None
