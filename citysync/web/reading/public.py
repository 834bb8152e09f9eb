"""The one thing the public may read: what ``flows/public`` published, looked for again once a minute.

The first asker after a night has the new snapshots read; whoever asks meanwhile gets what was published before.
"""

from __future__ import annotations

import threading
from datetime import datetime, timedelta

from citysync.web.reading.reader import Library
from flows.public import Published, Publisher

_FRESH = timedelta(minutes=1)


class PublicDesk:
    """Keeps what is published between requests; a crowd has it read once, and waits for the very first alone."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._publisher = Publisher(library.settings.data_dir)
        self._lock = threading.Lock()
        self._held: tuple[datetime, Published] | None = None

    def published(self) -> Published:
        """Return what may be seen now; raise ``NothingYet`` before there is anything."""
        held, (now, today) = self._held, self._library.clock()
        if held is not None and now - held[0] < _FRESH:
            return held[1]
        if not self._lock.acquire(blocking=held is None) and held is not None:
            return held[1]
        try:
            if self._held is None or now - self._held[0] >= _FRESH:
                judged = {code: city for code, city in self._library.cities().items() if city.enabled}
                self._held = (now, self._publisher.publish(self._library.store(), judged, today))
            return self._held[1]
        finally:
            self._lock.release()
