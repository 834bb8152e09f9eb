"""Following one thing back through the runs: since when an obligation is unmet, which runs nobody works on any more."""

from __future__ import annotations

from datetime import date
from typing import Any

import sqlalchemy as sa

from citysync.storage import tables
from citysync.storage.engine import Store
from citysync.storage.leases import Status, database_now, is_dead

_RUN, _VERDICT, _FINDING = tables.runs.c, tables.verdicts.c, tables.findings.c


def absent_since(
    store: Store, city_code: str, catalog_code: str, areacode: str | None, run_id: str
) -> dict[str, Any] | None:
    """Return the run from which an absence has been reported by every adopted run up to this one, None if it is not.

    Keys: run_id, business_date (ISO text), runs (how many in a row). Runs that adopted nothing saw nothing: they
    neither begin nor break it.
    """
    here = sa.select(_RUN.seq).where(_RUN.run_id == run_id).scalar_subquery()
    absent = sa.exists().where(
        _FINDING.run_seq == _VERDICT.run_seq,
        _FINDING.city_code == city_code,
        _FINDING.check == "unclaimed",
        _FINDING.catalog_code == catalog_code,
        _FINDING.areacode == areacode,
    )
    query = (
        sa.select(_RUN.run_id, _RUN.business_date, absent.label("absent"))
        .join(tables.verdicts, _RUN.seq == _VERDICT.run_seq)
        .where(_VERDICT.city_code == city_code, _VERDICT.adopted, _RUN.seq <= here)
        .order_by(_RUN.seq.desc())
    )
    first: tuple[str, date] | None = None
    count = 0
    with store.reading() as connection:
        for found_in, day, is_absent in connection.execute(query):
            if not is_absent:
                break
            first, count = (found_in, day), count + 1
    return None if first is None else {"run_id": first[0], "business_date": first[1].isoformat(), "runs": count}


def deserted(store: Store) -> list[str]:
    """Return the runs still said to be under way that nobody works on any more; the next run closes them."""
    wanted = sa.select(_RUN.run_id, _RUN.pid, _RUN.process, _RUN.lease_until)
    with store.reading() as connection:
        now = database_now(connection)
        running = connection.execute(wanted.where(_RUN.status == Status.RUNNING.value)).mappings()
        return [str(row["run_id"]) for row in running if is_dead(row, now)]
