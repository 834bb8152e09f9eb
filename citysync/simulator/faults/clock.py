"""The moment from which a fault counts its dates: the simulator's own clock, which a test may hold still."""

from __future__ import annotations

from datetime import UTC, datetime


def now() -> datetime:
    """Return the present moment, aware."""
    return datetime.now(UTC)
