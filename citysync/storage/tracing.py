"""Following one thing back through the runs: since when an obligation is unmet, which runs nobody works on any more."""

from __future__ import annotations

from collections.abc import Collection
from itertools import groupby
from typing import Any

import sqlalchemy as sa

from citysync.storage import tables
from citysync.storage.engine import Store
from citysync.storage.leases import Status, database_now, is_dead

_RUN, _VERDICT, _FINDING = tables.runs.c, tables.verdicts.c, tables.findings.c


def absent_since(
    store: Store, city_code: str, absences: Collection[tuple[str, str | None]], run_id: str
) -> dict[tuple[str, str | None], dict[str, Any]]:
    """Return from which run each absence has been reported by every adopted run up to this one; of others nothing.

    ``absences``: (catalog_code, areacode). Keys: run_id, business_date (ISO text), runs (how many in a row). Runs that
    adopted nothing saw nothing: they neither begin nor break it.
    """
    if not absences:
        return {}
    here = sa.select(_RUN.seq).where(_RUN.run_id == run_id).scalar_subquery()
    missed = sa.and_(  # all of them at once: the findings of a night are gone through, and may be fifty thousand
        _FINDING.run_seq == _VERDICT.run_seq,
        _FINDING.city_code == city_code,
        _FINDING.check == "unclaimed",
        _FINDING.catalog_code.in_({code for code, _ in absences}),
    )
    query = (
        sa.select(_RUN.run_id, _RUN.business_date, _FINDING.catalog_code, _FINDING.areacode)
        .join(tables.verdicts, _RUN.seq == _VERDICT.run_seq)
        .outerjoin(tables.findings, missed)
        .where(_VERDICT.city_code == city_code, _VERDICT.adopted, _RUN.seq <= here)
        .order_by(_RUN.seq.desc())
    )
    since: dict[tuple[str, str | None], dict[str, Any]] = {}
    lasting = set(absences)
    with store.reading() as connection:
        for (found_in, day), found in groupby(connection.execute(query), key=lambda row: (row[0], row[1])):
            lasting &= {(code, area) for _, _, code, area in found}
            if not lasting:
                break
            for absence in lasting:
                runs = since[absence]["runs"] + 1 if absence in since else 1
                since[absence] = {"run_id": found_in, "business_date": day.isoformat(), "runs": runs}
    return since


def deserted(store: Store) -> list[str]:
    """Return the runs still said to be under way that nobody works on any more; the next run closes them."""
    wanted = sa.select(_RUN.run_id, _RUN.pid, _RUN.process, _RUN.lease_until)
    with store.reading() as connection:
        now = database_now(connection)
        running = connection.execute(wanted.where(_RUN.status == Status.RUNNING.value)).mappings()
        return [str(row["run_id"]) for row in running if is_dead(row, now)]
