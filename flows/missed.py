"""Nights that were missed: however many the schedule still owes, one run catches up, for the business date of today."""

from __future__ import annotations

from datetime import datetime

from citysync.config.logs import set_up
from citysync.config.settings import load_settings
from citysync.domain.errors import CitySyncError
from citysync.storage import watching
from citysync.storage.schema import open_store


def caught_up(due_at: datetime, started_at: datetime | None) -> bool:
    """Return whether a night that was due has nothing left to do: one that began after it has come to its end."""
    return started_at is not None and due_at < started_at


def is_caught_up(due_at: datetime) -> bool:
    """Ask the ledger; where it cannot answer, the night itself will say why."""
    try:
        settings = set_up(load_settings())
        with open_store(settings.database, write=False) as store:
            last = watching.last_nightly(store)
    except CitySyncError:
        return False
    return caught_up(due_at, None if last is None else last[0])
