"""Reading back what the ledger remembers of a city, as of a run."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

from citysync.domain.errors import StorageError
from citysync.domain.memory import LastGood, Memory
from citysync.domain.verdict import State
from citysync.storage.approvals import approvals_before
from citysync.storage.engine import Store
from citysync.storage.identity import confirmed
from citysync.storage.kept import open_snapshot
from citysync.storage.past import (
    absences_seen,
    adopted_snapshots,
    last_approved_run,
    last_pulled_run,
    regions_looked_at,
)

GOOD_RUNS = 7
REMEMBERED_RUNS = 60  # how far back a directory that is served again is recognised


def recall(store: Store, folder: Path, city_code: str, run_id: str) -> Memory:
    """Return what was known of a city before a run: the runs after it, and the run itself, are left out.

    ``folder``: where snapshots are kept. One that is gone or damaged is said (``Memory.lost``) and stops no run: the
    guard then knows its count only.
    """
    approvals, identities = approvals_before(store, city_code, run_id), confirmed(store, city_code, run_id)
    kept = adopted_snapshots(store, city_code, before=run_id, limit=REMEMBERED_RUNS)
    if not kept:
        return Memory(approvals=approvals, identities=identities)
    measure = _since_approval(kept[:GOOD_RUNS], last_approved_run(store, city_code, run_id))
    memory = Memory(
        good_counts=tuple(int(row["rows"]) for row in reversed(measure)),
        absent_before=absences_seen(store, city_code, run_id),
        looked_before=regions_looked_at(store, city_code, run_id),
        approvals=approvals,
        identities=identities,
        contents=tuple((str(row["content"]), date.fromisoformat(row["business_date"])) for row in kept),
    )
    try:
        latest = last_pulled_run(store, city_code, run_id) == kept[0]["run_id"]
        return replace(memory, last_good=replace(_last_good(kept[0], folder), latest=latest))
    except StorageError as error:
        return replace(memory, lost=str(error))


def _since_approval(kept: list[dict[str, Any]], approved: str | None) -> list[dict[str, Any]]:
    """Return the good runs, newest first, down to the one a person approved, which is the new measure."""
    runs = [row["run_id"] for row in kept]
    return kept[: runs.index(approved) + 1] if approved in runs else kept


def _last_good(row: dict[str, Any], folder: Path) -> LastGood:
    kept = open_snapshot(folder / str(row["path"]))
    changed_at = row["source_changed_at"]
    return LastGood(
        run_id=str(row["run_id"]),
        on=date.fromisoformat(row["business_date"]),
        rows=kept,
        changed_at=None if changed_at is None else datetime.fromisoformat(changed_at),
        state=State(row["state"]),
        rules_version=str(row["rules_version"]),
        master_version=str(row["master_version"]),
        index=kept.index,
    )
