"""The one thing the public may read: what ``flows/public`` published, looked for again once a minute.

A server looks for it beside its requests: no citizen waits while the snapshots of a night are read. Where no server
runs (the static site), whoever asks has them read.
"""

from __future__ import annotations

import logging
import threading
from datetime import datetime, timedelta

from citysync.domain.errors import CitySyncError
from citysync.web.problems import WebError
from citysync.web.reading.reader import Library
from flows.public import Published, Publisher

_FRESH = timedelta(minutes=1)
logger = logging.getLogger("citysync.public")


class PublicDesk:
    """Keeps what is published between requests, and reads it anew in a thread of its own once that was begun."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._publisher = Publisher(library.settings.data_dir)
        self._lock = threading.Lock()
        self._held: tuple[datetime, Published] | None = None
        self._failed: CitySyncError | WebError | None = None
        self._looked, self._closing = threading.Event(), threading.Event()
        self._thread: threading.Thread | None = None

    def published(self) -> Published:
        """Return what may be seen; raise ``NothingYet`` before there is anything.

        Beside a server nothing is read here: a request that comes before the first look waits for that alone.
        """
        if self._thread is None:
            return self._read_if_old()
        self._looked.wait()
        if self._held is not None:
            return self._held[1]
        failed = self._failed or CitySyncError()
        raise type(failed)(*failed.args)

    def begin(self) -> None:
        """Look now, and again each minute, beside the requests."""
        self._thread = threading.Thread(target=self._look_again, name="public", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End looking, once what is being read is read."""
        self._closing.set()
        if self._thread is not None:
            self._thread.join()

    def refresh(self) -> Published:
        """Read what came in force since; raise as ``Publisher.publish`` does, and then keep what was published."""
        now, today = self._library.clock()
        with self._lock:
            judged = {code: city for code, city in self._library.cities().items() if city.enabled}
            self._held = (now, self._publisher.publish(self._library.store(), judged, today))
            return self._held[1]

    def _look_again(self) -> None:
        while not self._closing.is_set():
            try:
                self.refresh()
                self._failed = None
            except (CitySyncError, WebError) as error:  # said to operators by doctor; what was published stays
                self._failed = error
                logger.info("nothing new for the public: %s", type(error).__name__)
            except Exception:
                self._failed = CitySyncError()
                logger.exception("the public page could not be read anew")
            self._looked.set()
            self._closing.wait(_FRESH.total_seconds())

    def _read_if_old(self) -> Published:
        held, (now, _) = self._held, self._library.clock()
        return held[1] if held is not None and now - held[0] < _FRESH else self.refresh()
