"""Which cities already follow a change of the master inside its grace."""

from __future__ import annotations

from datetime import date

import sqlalchemy as sa

from citysync.storage import tables
from citysync.storage.engine import Store
from citysync.storage.reading import Row, rows_of


def followers(store: Store, on: date) -> list[Row]:
    """Return, of the batches of changes still in grace on a day, the cities that already followed them by then."""
    table = tables.followers.c
    query = (
        sa.select(table.city_code, table.changed_on, table.due_on, table.codes, table.followed_on)
        .where(table.followed_on <= on, table.due_on >= on)
        .order_by(table.changed_on, table.city_code)
    )
    with store.reading() as connection:
        return rows_of(connection, query)


def by_city(store: Store, on: date) -> dict[str, list[Row]]:
    """Return city code → the batches of ``followers`` that it follows, without its code."""
    found: dict[str, list[Row]] = {}
    for row in followers(store, on):
        found.setdefault(row["city_code"], []).append({key: row[key] for key in row if key != "city_code"})
    return found
