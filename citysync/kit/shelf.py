"""The last snapshots of a directory, read anew when its source changes; a newer one never changes an older one."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime, timedelta, timezone

from citysync.domain.errors import SourceError
from citysync.kit.edition import Edition, edition_of
from citysync.kit.reading import Origin, Stamp

_ZONE = timezone(timedelta(hours=8))


class Shelf:
    """Keeps the newest snapshots. ``now``: aware UTC; ``every``: how soon the source is looked at again.

    ``problem``: why the source could not be read when it was last looked at, None if it could.
    """

    def __init__(
        self, origin: Origin, key_fields: tuple[str, ...], now: Callable[[], datetime], every: timedelta, keep: int
    ) -> None:
        self._origin, self._key_fields, self._now = origin, key_fields, now
        self._every, self._keep = every, keep
        self._editions: list[Edition] = []  # oldest first
        self._stamp: Stamp | None = None
        self._looked_at: datetime | None = None
        self._lock = threading.Lock()
        self.problem: str | None = None

    def newest(self) -> Edition:
        """Return the snapshot in force, read anew where that is due; raises ``SourceError`` where there is none."""
        with self._lock:
            now = self._now()
            if self._looked_at is None or now - self._looked_at >= self._every:
                self._look(now)
            return self._editions[-1]

    def look_again(self) -> None:
        """Look at the source now, whenever it was looked at last."""
        with self._lock:
            self._look(self._now())

    def edition(self, snapshot: str) -> Edition | None:
        """Return a snapshot that is still kept, None for any other."""
        with self._lock:
            return next((each for each in self._editions if each.id == snapshot), None)

    def kept(self) -> list[str]:
        """Return the snapshots that can be asked for, newest first."""
        with self._lock:
            return [each.id for each in reversed(self._editions)]

    def _look(self, now: datetime) -> None:
        """Read the source if it changed; keep the last good snapshot, and say why, where it cannot be read."""
        today = now.astimezone(_ZONE).date()
        try:
            stamp = self._origin.stamp(today)
            if stamp is None or stamp != self._stamp or not self._editions:
                found = self._origin.read(today)
                self._take(edition_of(found.rows, self._key_fields, now, found.changed_at, self._last()))
                self._stamp = stamp
            self.problem, self._looked_at = None, now
        except SourceError as error:
            if not self._editions:
                raise
            self.problem, self._looked_at = str(error), now

    def _take(self, edition: Edition) -> None:
        others = [each for each in self._editions if each.id != edition.id]
        self._editions = [*others, edition][-self._keep :]

    def _last(self) -> Edition | None:
        return self._editions[-1] if self._editions else None
