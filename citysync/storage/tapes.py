"""What a walk heard, kept among the pages; the ledger holds its hash, and the verdict as the line said it."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from citysync.storage import tables
from citysync.storage.engine import Store

_TAPE = tables.tapes.c
_RUN = tables.runs.c


def tape_of(store: Store, city_code: str, run_id: str) -> dict[str, Any] | None:
    """Return ``sha256`` and ``verdict`` of one city's walk in one run; None if it did not come to its end."""
    query = (
        sa.select(_TAPE.sha256, _TAPE.verdict)
        .join(tables.runs, _RUN.seq == _TAPE.run_seq)
        .where(_RUN.run_id == run_id, _TAPE.city_code == city_code)
    )
    with store.reading() as connection:
        row = connection.execute(query).mappings().first()
        return None if row is None else {str(key): value for key, value in row.items()}
