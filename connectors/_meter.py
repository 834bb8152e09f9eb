"""How often a source was asked and how much it sent, counted where it happens; nothing is decided by it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


def _nobody(_text: str) -> None:
    return None


@dataclass
class Meter:
    """Counts of one pull, kept as it goes so that a pull that fails has them too. ``told``: hears of every retry.

    ``wire``: bytes as they came, None until something is asked over a wire we see; ``decoded``: the same unpacked.
    """

    told: Callable[[str], None] = _nobody
    requests: int = 0
    retries: int = 0
    wire: int | None = None
    decoded: int = 0

    def asked(self) -> None:
        """Count one question to the outside."""
        self.requests += 1

    def retried(self, text: str) -> None:
        """Count that something is asked anew, and say why."""
        self.retries += 1
        self.told(text)

    def arrived(self, size: int) -> None:
        """Count bytes as they came, kept or not."""
        self.wire = (self.wire or 0) + size

    def read(self, size: int) -> None:
        """Count bytes as they are read, unpacked."""
        self.decoded += size
