"""A city's front-end database: append-only ``up_task_*`` tables in which every row says what happened to its item."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, time, timedelta
from typing import Any

import sqlalchemy as sa

from citysync.simulator.columns import PLACE, Row, changed
from citysync.simulator.dialects import columns_sent
from citysync.simulator.province import Province, SimulatedCity

TABLES = ("up_task_general_basic", "up_task_public_basic")
_PUBLIC_SERVICE = "20"
_LONG = frozenset({"by_law", "fee_basis", "limit_scene_explain", "task_name"})
_EVERY = 10  # one row in ten was entered under another name and corrected later
_BATCH = 2_000
Operation = dict[str, object]


def write_front_end(city: SimulatedCity, province: Province, url: str) -> None:
    """Write a city's tables into a database, replacing what was there."""
    engine = sa.create_engine(url, poolclass=sa.NullPool, hide_parameters=True)
    schema = sa.MetaData()
    tables = [_table(name, schema, city) for name in TABLES]
    by_table: dict[str, list[Operation]] = {name: [] for name in TABLES}
    for number, (name, operation) in enumerate(operations(city, province), start=1):
        by_table[name].append({"row_guid": f"{city.code}-{number:07d}", **operation})
    try:
        with engine.begin() as connection:
            schema.drop_all(connection)
            schema.create_all(connection)
            for table in tables:
                rows = by_table[table.name]
                for start in range(0, len(rows), _BATCH):
                    connection.execute(table.insert(), rows[start : start + _BATCH])
    finally:
        engine.dispose()
    for each in city.faults:
        if each.fault.database is not None:
            each.fault.database(url)


def operations(city: SimulatedCity, province: Province) -> Iterator[tuple[str, Operation]]:
    """Yield (table, row) in the order of writing: entries since corrected, entries since deleted, what is in force."""
    noon = datetime.combine(province.on, time(12))
    corrected = [row for row in city.table[::_EVERY] if row[0] is not None]
    keys = {row[:2] for row in corrected}
    old = [changed(row, {"task_name": f"{row[PLACE['task_name']] or '事项'}（原名）"}) for row in corrected]
    gone = [changed(row, _other_code(row)) for row in corrected[::3]]
    yield from _written(city, old, "i", noon - timedelta(days=90))
    yield from _written(city, gone, "i", noon - timedelta(days=60))
    yield from _written(city, [row for row in city.table if row[:2] not in keys], "i", noon - timedelta(days=30))
    yield from _written(city, [row for row in city.table if row[:2] in keys], "u", noon - timedelta(days=10))
    yield from _written(city, gone, "d", noon - timedelta(days=5))


def _other_code(row: Row) -> dict[str, str | None]:
    """Return the codes of an item that was entered by mistake: the master has none like it."""
    catalog = f"{(row[PLACE['catalog_code']] or '')[:6]}999999"
    return {"task_code": f"{(row[0] or '')[:19]}{catalog}", "task_handle_item": None, "catalog_code": catalog}


def _written(
    city: SimulatedCity, rows: Sequence[Row], operation: str, since: datetime
) -> Iterator[tuple[str, Operation]]:
    records = city.sent(rows)
    for number, (row, record) in enumerate(zip(rows, records, strict=True)):
        record["task_version"] = int(row[PLACE["task_version"]] or 0)
        at = since + timedelta(seconds=number)
        stamp = {"cd_operation": operation, "cd_time": at, "cd_batch": f"{since:%Y%m%d}", "data_source": "1"}
        yield TABLES[row[PLACE["task_type"]] == _PUBLIC_SERVICE], {**record, **stamp}


def _table(name: str, schema: sa.MetaData, city: SimulatedCity) -> sa.Table:
    sent = [city.dialect.name_of(column) for column in columns_sent(city.dialect, city.absent)]
    columns: list[sa.Column[Any]] = [sa.Column("row_guid", sa.String(50), primary_key=True)]
    columns += [sa.Column(name, _kind(name)) for name in (*sent, *city.unknown)]
    columns += [sa.Column("cd_operation", sa.String(2), nullable=False)]
    columns += [sa.Column("cd_time", sa.DateTime(), nullable=False)]
    columns += [sa.Column("cd_batch", sa.String(32)), sa.Column("data_source", sa.String(3))]
    return sa.Table(name, schema, *columns, mysql_charset="utf8mb4")


def _kind(name: str) -> sa.types.TypeEngine[Any]:
    if name == "task_version":
        return sa.Integer()
    return sa.Text() if name in _LONG else sa.String(200)
