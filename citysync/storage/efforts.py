"""What walks of cities cost, as the ledger keeps it and tells it."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import sqlalchemy as sa

from citysync.domain.effort import Effort
from citysync.storage import tables
from citysync.storage.engine import Store
from citysync.storage.reading import Row, rows_of

_EFFORT = tables.efforts.c
_RUN = tables.runs.c


def row_of(effort: Effort) -> dict[str, Any]:
    """Return an effort as its row says it, but for whose it is."""
    return {
        "began_at": effort.began_at,
        "requests": effort.requests,
        "retries": effort.retries,
        "wire_bytes": effort.wire_bytes,
        "decoded_bytes": effort.decoded_bytes,
        **{column: effort.seconds.get(phase) for phase, column in tables.SECONDS.items()},
        "steps": [[step.after, step.text] for step in effort.steps],
        "left_out": effort.left_out,
    }


def efforts_of(
    store: Store, run_ids: Collection[str], cities: Collection[str], *, steps: bool = False
) -> dict[tuple[str, str], Row]:
    """Return (run, city code) → what the walk cost; a walk that was not recorded has no entry.

    Keys: began_at (ISO text), requests, retries, wire_bytes, decoded_bytes, seconds (by phase; None of a phase not
    reached); with ``steps`` also steps (pairs of seconds and text) and left_out.
    """
    told = (*_COUNTS, *tables.SECONDS.values(), *(("steps", "left_out") if steps else ()))
    query = (
        sa.select(_RUN.run_id, _EFFORT.city_code, *(_EFFORT[name] for name in told))
        .join(tables.runs, _RUN.seq == _EFFORT.run_seq)
        .where(_RUN.run_id.in_(run_ids), _EFFORT.city_code.in_(cities))
    )
    with store.reading() as connection:
        return {(row.pop("run_id"), row.pop("city_code")): _told(row) for row in rows_of(connection, query)}


_COUNTS = ("began_at", "requests", "retries", "wire_bytes", "decoded_bytes")


def _told(row: Row) -> Row:
    seconds = {phase: row.pop(column) for phase, column in tables.SECONDS.items()}
    return {**row, "seconds": seconds}
