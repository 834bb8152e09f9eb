"""The one door to the ledger for pages: it knows who asks, and hands out nothing of a city they may not see."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from citysync.config.cities import Cities, load_cities
from citysync.config.settings import Settings
from citysync.domain.city import City
from citysync.domain.principal import Principal
from citysync.storage.engine import Store
from citysync.storage.facets import KeptFacets
from citysync.storage.schema import NoLedger, open_store
from citysync.web.problems import NothingYet, NotThere
from connectors import names, source_model
from flows.kept import Kept


@dataclass(frozen=True)
class Reader:
    """The ledger as one principal may read it. ``cities``: the files of those cities, paused ones too.

    ``kept`` and ``facets``: sums of days and of lists, shared by everybody: whoever asks names the cities they are of.
    """

    store: Store
    settings: Settings
    principal: Principal
    cities: dict[str, City]
    today: date
    now: datetime
    kept: Kept
    facets: KeptFacets

    def city(self, code: str) -> City:
        """Return a city's file; raise ``NotThere`` for one that is not there or may not be seen: both look alike."""
        try:
            return self.cities[code]
        except KeyError:
            raise NotThere(code) from None

    @property
    def enabled(self) -> dict[str, City]:
        """Return the cities that are judged: the denominator."""
        return {code: city for code, city in self.cities.items() if city.enabled}


class Library:
    """What the server keeps open between requests: one ledger, and the city files as long as they do not change."""

    def __init__(
        self, settings: Settings, now: Callable[[], datetime], shanghai_day: Callable[[datetime], date]
    ) -> None:
        self.settings = settings
        self._now = now
        self._day = shanghai_day
        self._lock = threading.Lock()
        self._store: Store | None = None
        self._kept, self._facets = Kept(), KeptFacets()
        self._files: tuple[frozenset[tuple[str, int]], Cities] | None = None

    def reader(self, principal: Principal) -> Reader:
        """Return the ledger as somebody may read it; raise ``NothingYet`` before there is one."""
        now = self._now()
        seen = {code: city for code, city in self.cities().items() if principal.may_see(code)}
        today = self._day(now)
        return Reader(self.store(), self.settings, principal, seen, today, now, self._kept, self._facets)

    def clock(self) -> tuple[datetime, date]:
        """Return the moment, and the day it is in the province."""
        now = self._now()
        return now, self._day(now)

    def store(self) -> Store:
        """Return the ledger, opened once; it cannot be written through this one."""
        with self._lock:
            if self._store is None:
                try:
                    self._store = open_store(self.settings.database, write=False)
                except NoLedger as error:
                    raise NothingYet from error
            return self._store

    def writable(self) -> Store:
        """Return the ledger for one deed, to be closed after it; raise ``NothingYet`` before there is one."""
        self.store()
        return open_store(self.settings.database, write=True, check=False)

    def cities(self) -> Cities:
        """Return every city file, read anew only when one was written, added or removed."""
        written = _written(self.settings.cities_dir)
        with self._lock:
            if self._files is None or self._files[0] != written:
                self._files = (written, load_cities(self.settings.cities_dir, source_model, names()))
            return self._files[1]

    def close(self) -> None:
        """Close the ledger."""
        with self._lock:
            if self._store is not None:
                self._store.close()
                self._store = None


def _written(folder: Path) -> frozenset[tuple[str, int]]:
    return frozenset((path.name, path.stat().st_mtime_ns) for path in folder.glob("*.toml"))
