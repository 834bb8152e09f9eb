"""Reading back what the ledger remembers of a city, as of a run."""

from __future__ import annotations

from citysync.domain.memory import Memory
from citysync.storage import reading
from citysync.storage.engine import Store

GOOD_RUNS = 7


def recall(store: Store, city_code: str, run_id: str) -> Memory:
    """Return what was known of a city before a run: the runs after it, and the run itself, are left out."""
    kept = reading.adopted_snapshots(store, city_code, before=run_id, limit=GOOD_RUNS)
    return Memory(good_counts=tuple(int(row["rows"]) for row in reversed(kept)))
