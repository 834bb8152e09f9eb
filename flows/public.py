"""What the public page may know: items of the master in force, and what each city's snapshot in force says of them."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path

from citysync.domain.city import City
from citysync.domain.errors import StorageError
from citysync.reports.public import Item, Offer, items_of, offers_of
from citysync.storage import catalogue, reading
from citysync.storage.engine import Store
from citysync.storage.kept import read_snapshot
from citysync.storage.past import adopted_snapshots
from schemas.validate import validate

_LOG = logging.getLogger("citysync.public")


@dataclass(frozen=True)
class CityOffers:
    """One city. ``updated``: the business date of its snapshot in force, None without one: then nothing is known."""

    code: str
    name: str
    updated: date | None
    offers: Mapping[str, Offer] = field(default_factory=dict)


@dataclass(frozen=True)
class Published:
    """Everything the public may see, as of one moment."""

    items: tuple[Item, ...]
    cities: tuple[CityOffers, ...]

    def item(self, code: str) -> Item | None:
        """Return an item by its code."""
        return next((each for each in self.items if each.code == code), None)


@dataclass
class Publisher:
    """Reads snapshots once: a city is read anew only when another snapshot came in force or its file changed."""

    folder: Path
    _cities: dict[str, tuple[str, City, CityOffers]] = field(default_factory=dict)
    _items: tuple[str, date, tuple[Item, ...]] | None = None

    def publish(self, store: Store, cities: Mapping[str, City], on: date) -> Published:
        """Return what may be seen on a day; raise ``MasterError`` before there is a master catalogue."""
        return Published(self._read_items(store, on), tuple(self._read(store, city) for city in cities.values()))

    def _read_items(self, store: Store, on: date) -> tuple[Item, ...]:
        version = reading.master_version_in_force(store, on)
        if self._items is None or self._items[:2] != (version, on):
            self._items = (version or "", on, items_of(catalogue.load_master(store, on), on))
        return self._items[2]

    def _read(self, store: Store, city: City) -> CityOffers:
        good = next(iter(adopted_snapshots(store, city.code)), None)
        if good is None:
            return CityOffers(city.code, city.name, None)
        known = self._cities.get(city.code)
        if known is None or known[0] != f"{good['run_id']} {good['path']}" or known[1] is not city:
            known = (f"{good['run_id']} {good['path']}", city, self._opened(city, good))
            self._cities[city.code] = known
        return known[2]

    def _opened(self, city: City, good: Mapping[str, str]) -> CityOffers:
        day = datetime.fromisoformat(good["business_date"]).date()
        try:
            snapshot = read_snapshot(self.folder / good["path"])
        except StorageError as error:  # said to operators by doctor and the next run; the public sees no data, never 0
            _LOG.error("%s（%s）：%s", city.name, city.code, error)
            return CityOffers(city.code, city.name, None)
        return CityOffers(city.code, city.name, day, offers_of(validate(snapshot, city, day).accepted))
