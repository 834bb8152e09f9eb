"""Which receipts went out to a city, and what came of it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from citysync.storage import tables
from citysync.storage.engine import Store

_COLUMNS = tables.deliveries.c


@dataclass(frozen=True, slots=True)
class Delivered:
    """One attempt: ``way`` (folder, post, table), ``target`` without secrets, ``problems`` handed over."""

    run_id: str
    city_code: str
    way: str
    target: str
    delivered: bool
    problems: int
    attempted_at: datetime
    error: str | None = None


def record(store: Store, attempt: Delivered) -> None:
    """Write an attempt down."""
    with store.writing() as connection:
        connection.execute(sa.insert(tables.deliveries).values(**asdict(attempt)))


def attempts(store: Store, city_code: str, limit: int = 20) -> list[dict[str, Any]]:
    """Return a city's last attempts, newest first."""
    query = sa.select(*(column for column in _COLUMNS if column.name != "seq")).where(_COLUMNS.city_code == city_code)
    with store.reading() as connection:
        return [dict(row) for row in connection.execute(query.order_by(_COLUMNS.seq.desc()).limit(limit)).mappings()]
