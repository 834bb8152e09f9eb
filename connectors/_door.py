"""Everything a connector may touch of the outside."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from citysync.domain import items
from citysync.domain.errors import StorageError
from citysync.domain.memory import LastGood
from citysync.domain.snapshot import RawPage
from connectors._meter import Meter
from connectors._tape import Live, Tape

if TYPE_CHECKING:  # it speaks HTTP, and most who have a door do not
    from connectors._conditions import Conditions


def _nothing_kept(sha256: str) -> bytes:
    raise StorageError(f"没有保存过 {sha256[:12]}")


@dataclass(frozen=True)
class Door:
    """What a connector is handed: a place for evidence, secrets, clocks, and a line to people.

    ``keep``: (bytes, page number, redacted address) → the page stored by SHA-256, before anything reads it.
    ``secret``: a secret's name → its value; raises ``ConfigError``. ``now``: aware UTC. ``monotonic``: seconds.
    ``progress``: one line for people. ``columns``: the canonical columns to look for.
    ``wait``: pause between two attempts, in seconds. ``renew``: a secret's name → its value as it stands now, where a
    secret may change while a pull is under way. ``last_count``: rows of the last good snapshot, None without one.
    ``tape``: through which everything is asked of the outside, so that it can be asked again. ``base``: the snapshot in
    force, for a source that can be asked for changes only; ``read``: a hash → the bytes kept by it earlier. ``meter``:
    counts what is asked and what comes; ``conditions``: by which pages are asked for only if they changed.
    """

    keep: Callable[[bytes, int, str], RawPage]
    secret: Callable[[str], str]
    now: Callable[[], datetime]
    monotonic: Callable[[], float]
    progress: Callable[[str], None]
    columns: tuple[str, ...] = items.NAMES
    wait: Callable[[float], None] = time.sleep
    renew: Callable[[str], str] | None = None
    last_count: int | None = None
    tape: Tape = field(default_factory=Live)
    base: LastGood | None = None
    read: Callable[[str], bytes] = _nothing_kept
    meter: Meter = field(default_factory=Meter)
    conditions: Conditions | None = None

    def again(self, text: str) -> None:
        """Say that something is asked anew, and count it."""
        self.meter.retried(text)
        self.progress(text)
