"""The one thing the public may read: what ``flows/public`` published, looked for again once a minute."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta

from citysync.web.reading.reader import Library
from flows.public import Published, Publisher

_FRESH = timedelta(minutes=1)


class PublicDesk:
    """Keeps what is published between requests; a crowd of askers has it read once."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._publisher = Publisher(library.settings.data_dir)
        self._lock = threading.Lock()
        self._held: tuple[datetime, Published] | None = None

    def published(self) -> Published:
        """Return what may be seen now; raise ``NothingYet`` before there is anything."""
        with self._lock:
            now, today = self._library.clock()
            if self._held is None or now - self._held[0] >= _FRESH:
                judged = {code: city for code, city in self._library.cities().items() if city.enabled}
                self._held = (now, self._publisher.publish(self._library.store(), judged, today))
            return self._held[1]
