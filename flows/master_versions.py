"""A version of the master catalogue by its name, or a file that is not imported yet; and what one changes."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

from citysync.config.settings import Settings
from citysync.domain.catalogue import MasterCatalogue
from citysync.reconciliation.master_diff import MasterDiff, Touched, compare_masters, touched
from citysync.storage.catalogue import load_version
from citysync.storage.engine import Store
from citysync.storage.schema import open_store
from flows.master_import import read_master
from flows.night import SHANGHAI, chosen
from schemas.master import master_changes


def asked_master(store: Store, settings: Settings, name: str, *, against: MasterCatalogue, on: date) -> MasterCatalogue:
    """Return a version by name, or a file as it would be if imported on a day against another version.

    Raises MasterError for a name nobody imported and a file that would be refused.
    """
    path = Path(name)
    if not path.is_file():
        return load_version(store, name)
    items = read_master(path, settings)
    changed = dict(against.changed) | dict.fromkeys(master_changes(against.items, items), on)
    return MasterCatalogue(path.name, on, items, changed)


def master_diff(settings: Settings, before: str, after: str, now: datetime) -> tuple[MasterDiff, list[Touched]]:
    """Return what one version changes against another, and what that means for every enabled city today."""
    on = now.astimezone(SHANGHAI).date()
    with open_store(settings.database, write=False) as store:
        old = load_version(store, before)
        new = asked_master(store, settings, after, against=old, on=on)
    day = max(on, new.effective_on)
    return compare_masters(old, new), touched(old, new, chosen(settings, ()).values(), day)
