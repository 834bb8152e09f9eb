"""A version of the master catalogue by its name, or a file that is not imported yet; and what one changes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from datetime import date, datetime
from pathlib import Path
from typing import Any

from citysync.config.settings import Settings
from citysync.domain.catalogue import MasterCatalogue
from citysync.domain.city import City
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
    return compared(old, new, chosen(settings, ()).values(), on)


def compared(
    old: MasterCatalogue, new: MasterCatalogue, cities: Iterable[City], on: date
) -> tuple[MasterDiff, list[Touched]]:
    """Return what one catalogue changes against another, and what that means for some cities on a day."""
    return compare_masters(old, new), touched(old, new, cities, max(on, new.effective_on))


def diff_document(before: str, after: str, found: MasterDiff, cities: Iterable[Touched]) -> dict[str, Any]:
    """Return a difference of two versions for programs: the one document of ``master diff --json``."""
    frames = {name: getattr(found, name).to_dicts() for name in ("added", "adjusted", "abolished", "identity")}
    facts = {"schema_version": 1, "before": before, "after": after}
    return {**facts, **frames, "cities": [asdict(city) for city in cities]}
