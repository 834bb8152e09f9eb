"""The secrets a simulated city demands. They open nothing but the simulator."""

from __future__ import annotations

from citysync.simulator import names


def secret_name(code: str) -> str:
    """Return the name under which a city file asks for its secret."""
    return f"CITYSYNC_SECRET_{code}"


def secret_of(seed: int, code: str) -> str:
    """Return a city's secret, the same for the same seed."""
    return f"sim-{names.dice(seed, 'secret', code).getrandbits(96):024x}"
