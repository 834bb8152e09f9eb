"""What the watchdog looks at: when a night last came to its end, and what is still under way."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from citysync.domain.run import Trigger
from citysync.storage import tables
from citysync.storage.engine import Store
from citysync.storage.leases import Status

_RUN = tables.runs.c


def last_finished(store: Store) -> datetime | None:
    """Return when the last finished nightly run ended, None if none ever did."""
    query = sa.select(sa.func.max(_RUN.finished_at)).where(
        _RUN.trigger == Trigger.NIGHTLY.value, _RUN.status == Status.FINISHED.value
    )
    with store.reading() as connection:
        moment: datetime | None = connection.scalar(query)
        return moment


def last_nightly(store: Store) -> tuple[datetime, datetime] | None:
    """Return start and end of the last finished nightly run, None if none ever came to its end."""
    query = (
        sa.select(_RUN.started_at, _RUN.finished_at)
        .where(_RUN.trigger == Trigger.NIGHTLY.value, _RUN.status == Status.FINISHED.value)
        .order_by(_RUN.seq.desc())
        .limit(1)
    )
    with store.reading() as connection:
        row = connection.execute(query).first()
    return None if row is None else (row.started_at, row.finished_at)


def running(store: Store) -> list[tuple[str, datetime]]:
    """Return the runs that the ledger holds for under way, with when they started."""
    query = sa.select(_RUN.run_id, _RUN.started_at).where(_RUN.status == Status.RUNNING.value).order_by(_RUN.seq)
    with store.reading() as connection:
        return [(row.run_id, row.started_at) for row in connection.execute(query)]
