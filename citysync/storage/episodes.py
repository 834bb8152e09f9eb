"""The lives of one item's differences, one row per life, each with the snapshots on both sides of its beginning."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from citysync.domain.carry import carry_of
from citysync.storage import tables
from citysync.storage.engine import Store
from citysync.storage.identity import confirmed_for
from citysync.storage.keys import key, key_of, of_items
from citysync.storage.past import adopted_snapshots
from citysync.storage.reading import Row, rows_of

_LIFE, _RUN, _SNAPSHOT = tables.finding_lives.c, tables.runs.c, tables.snapshots.c
MOST = 20


def episodes(
    store: Store,
    city_code: str,
    run_id: str,
    found: Sequence[Mapping[str, Any]],
    task_codes: Collection[str],
    catalog_code: str | None,
) -> list[Row]:
    """Return the last lives of an item's differences as of a run, oldest first.

    ``found``: its findings of that run, whose lives may stand under former codes. Keys: those of ``finding_lives``;
    ``opened`` and ``before``: the snapshot of the run that opened it and the adopted one before (path, business_date,
    master_version), None where there was none or the ledger no longer has it.
    """
    with store.reading() as connection:
        run = connection.execute(sa.select(_RUN.seq, _RUN.business_date).where(_RUN.run_id == run_id)).one()
        carry = carry_of(confirmed_for(connection, city_code, run_id), run.business_date)
        codes = list(task_codes)
        ways = (
            sa.and_(
                of_items(_LIFE.catalog_code, found, carry),
                key(dict(_LIFE), carry).in_({key_of(row, carry) for row in found}),
            ),
            _LIFE.task_code.in_(codes),
            _LIFE.task_handle_item.in_(codes),
            sa.and_(_LIFE.task_code.is_(None), _LIFE.catalog_code.is_not(None), _LIFE.catalog_code == catalog_code),
        )
        # Each way has an index of its own; as alternatives of one condition none of them would be used.
        of_item = sa.union(*(sa.select(_LIFE.seq).where(_LIFE.city_code == city_code, way) for way in ways))
        query = sa.select(tables.finding_lives, _RUN.run_id.label("opened_run_id"))
        query = query.outerjoin(tables.runs, _RUN.seq == _LIFE.opened_run)
        query = query.where(_LIFE.seq.in_(of_item), _LIFE.opened_run <= run.seq)
        lives = rows_of(connection, query.order_by(_LIFE.seq.desc()).limit(MOST))[::-1]
    return [{**life, **_sides(store, city_code, life["opened_run_id"])} for life in lives]


def _sides(store: Store, city_code: str, run_id: str | None) -> dict[str, Row | None]:
    """Return the snapshots on both sides of a life's beginning."""
    if run_id is None:
        return {"opened": None, "before": None}
    query = (
        sa.select(_SNAPSHOT.path, _RUN.business_date, _RUN.master_version)
        .join(tables.runs, _RUN.seq == _SNAPSHOT.run_seq)
        .where(_RUN.run_id == run_id, _SNAPSHOT.city_code == city_code)
    )
    with store.reading() as connection:
        opened = next(iter(rows_of(connection, query)), None)
    before = next(iter(adopted_snapshots(store, city_code, before=run_id)), None)
    return {"opened": opened, "before": before}
