"""Our own side's probe, which tells our network's fault from the cities'."""

from __future__ import annotations

import socket
from urllib.parse import urlsplit

SECONDS = 10.0
_PORTS = {"http": 80, "https": 443}


def answers(url: str) -> bool:
    """Return whether the host of ``CITYSYNC_PROBE_URL`` takes a connection: DNS, route and port from our side."""
    parts = urlsplit(url)
    try:
        with socket.create_connection((parts.hostname, parts.port or _PORTS[parts.scheme]), timeout=SECONDS):
            return True
    except OSError:
        return False
