"""The one JSON document of ``sync``, ``nightly`` and ``status``; screens are drawn from the same object."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from citysync.domain.verdict import Counts, State

SCHEMA_VERSION = 1
Document = dict[str, Any]


def document(run: Mapping[str, Any] | None, verdicts: Sequence[Mapping[str, Any]]) -> Document:
    """Return what is published of a run: its facts, the denominator, every city with reasons and every count.

    ``run``: run_id, business_date, master_version, or None before the first run; ``verdicts``: rows of the ledger.
    """
    states = [State(row["state"]) for row in verdicts]
    return {
        "schema_version": SCHEMA_VERSION,
        "run_id": run["run_id"] if run else None,
        "business_date": run["business_date"] if run else None,
        "master_version": run["master_version"] if run else None,
        "summary": {"cities": len(states), **{state.value: states.count(state) for state in _IN_ORDER}},
        "cities": [_city(row) for row in sorted(verdicts, key=lambda row: str(row["code"]))],
    }


_IN_ORDER = (State.IN_SYNC, State.LAGGING, State.OUT_OF_SYNC, State.NOT_SYNCED, State.HELD, State.UNKNOWN)


def _city(row: Mapping[str, Any]) -> Document:
    return {**_told(row), **{key: row[key] for key in ("in_force", "follows") if key in row}}


def _told(row: Mapping[str, Any]) -> Document:
    return {
        "code": row["code"],
        "name": row["name"],
        "state": row["state"],
        "since": row["since"],
        "grade": row["grade"],
        "axes": dict(row["axes"]),
        "reasons": [{key: reason[key] for key in ("code", "fault", "text")} for reason in row["reasons"]],
        "counts": {**Counts().as_dict(), **row["counts"]},
    }
