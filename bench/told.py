"""What a night of ours said, read back beside the measurement: its findings by check, and what changed since the last.

The night says what moved only where too much did; here its own comparison is asked again over the snapshots it kept.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import connectors
from citysync.config.cities import load_cities
from citysync.reconciliation.turnover import turnover
from citysync.storage.differences import Differences, Wanted
from citysync.storage.kept import open_snapshot
from citysync.storage.past import adopted_snapshots
from citysync.storage.schema import open_store

RULES = ("duplicated", "uscc_invalid", "codes_disagree", "depth_and_visits", "promise_over_legal")


def told(folder: Path, run_id: str) -> Counter[str]:
    """Return how many rows every city's findings name by check, and how many vanished, appeared and changed."""
    store = open_store(f"sqlite:///{folder / 'data' / 'citysync.sqlite3'}", write=False)
    found: Counter[str] = Counter()
    for code, city in load_cities(folder / "cities", connectors.source_model, connectors.names()).items():
        differences = Differences(store, code, run_id)
        found.update({name: differences.count(Wanted({"check": name})) for name in RULES})
        tonight, before = (
            open_snapshot(folder / "data" / row["path"]) for row in adopted_snapshots(store, code, limit=2)
        )
        moved = turnover(before, tonight, city)
        sides = {"vanished": moved.vanished, "appeared": moved.appeared, "changed": moved.changed}
        found.update({name: rows.height for name, rows in sides.items()})
    store.close()
    return found
