"""Clearing away evidence that is older than it has to be kept: decided whole, written down, then removed.

What goes is marked in the ledger before the first file does; a purge that is killed goes on where the next one begins,
since a file that only marked rows name goes whenever it is met.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

from citysync.config.settings import Settings
from citysync.domain.retention import Kind, Part, Sorted, may_go, sort_files
from citysync.storage import evidence, purges
from citysync.storage.audit import Deed, os_user
from citysync.storage.engine import Store
from citysync.storage.schema import exists, open_store

_SHANGHAI = ZoneInfo("Asia/Shanghai")
_AT_ONCE = 500  # files per transaction: a run that wants to start waits no longer than that


@dataclass(frozen=True)
class Purge:
    """What goes: ``parts`` of the ledger's evidence, and ``files``. ``before``: the cutoff; ``seq``: the last run."""

    seq: int
    days: int
    before: datetime
    parts: tuple[Part, ...]
    files: Sorted
    applied: bool = False


def purge(settings: Settings, now: datetime, *, apply: bool, every_orphan: bool = False) -> Purge:
    """Return what the retention would remove; with ``apply``, remove it.

    Raises ``StorageError``: no ledger, a run under way (``Busy``), a file that cannot be removed.
    """
    with open_store(settings.database, write=apply and exists(settings.database)) as store:
        found = decide(store, settings, now, every_orphan=every_orphan)
        if not apply:
            return found
        return carry_out(store, settings, found, now)


def decide(store: Store, settings: Settings, now: datetime, *, every_orphan: bool = False) -> Purge:
    """Return what may go, and touch nothing."""
    days = settings.retention_days
    before = now - timedelta(days=days)
    held = purges.held(store, now.astimezone(_SHANGHAI).date())
    parts = may_go(held.evidence, before, held.waited_for)
    files, unfinished = evidence.files_in(settings.data_dir), evidence.unfinished_in(settings.data_dir)
    kept, past = purges.names_of(store, parts)
    kept |= evidence.still_used(files, before)
    going = sort_files(files, kept, past, unfinished, now, every_orphan=every_orphan)
    return Purge(held.seq, days, before, tuple(parts), going)


def carry_out(store: Store, settings: Settings, found: Purge, now: datetime) -> Purge:
    """Mark what goes, with its audit entry, then remove it, a few files at a time."""
    if found.parts or found.files.count:
        deed = Deed(os_user(), "purge", "evidence", None, _document(found))
        with purges.undisturbed(store, found.seq) as connection:
            purges.mark(connection, found.parts, found.days, now, deed)
    for names in _batches(found.files):
        with purges.undisturbed(store, found.seq):
            evidence.remove(settings.data_dir, names)
    return Purge(found.seq, found.days, found.before, found.parts, found.files, applied=True)


def _batches(files: Sorted) -> Iterator[list[str]]:
    names = (name for kind in Kind for name in sorted(files.going[kind]))
    while batch := list(islice(names, _AT_ONCE)):
        yield batch


def _document(found: Purge) -> dict[str, object]:
    sizes = {
        kind.value: {"files": len(files), "bytes": sum(file.size for file in files.values())}
        for kind, files in found.files.going.items()
    }
    return {"retention_days": found.days, "before": found.before.isoformat(), "parts": len(found.parts), **sizes}
