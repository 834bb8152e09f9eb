"""The register of exemptions as the cities' files have it, held against the master catalogue of a day."""

from __future__ import annotations

from datetime import date

from citysync.config.settings import Settings
from citysync.reconciliation.register import Entry, entries
from citysync.storage.catalogue import load_master
from citysync.storage.schema import open_store
from flows.night import chosen


def register(settings: Settings, codes: tuple[str, ...], on: date, within_days: int) -> list[Entry]:
    """Return every exemption of some cities (by default all enabled ones), by city and end.

    Raises ConfigError for a city nobody knows, MasterError where no catalogue is in force.
    """
    cities = chosen(settings, codes)
    with open_store(settings.database, write=False) as store:
        master = load_master(store, on).items
    return [entry for city in cities.values() for entry in entries(city, master, on, within_days)]
