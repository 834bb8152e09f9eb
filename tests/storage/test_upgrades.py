"""A ledger of any version there ever was, with a row in every table, becomes one of today and loses nothing."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from citysync.domain.errors import StorageError
from citysync.storage import migrations, schema, tables
from citysync.storage.engine import Store, checked_url, connect
from citysync.storage.ledger import finish_run, publish, start_run
from citysync.storage.schema import HEAD, REVISIONS, open_store, upgrade
from tests.builders import NOW
from tests.storage.cast import CITIES, a_city_run, a_run

Rows = dict[str, dict[str, Any]]
# One value per type: every foreign key then points at the row that is there; the text is a document as well.
VALUES: dict[type, Any] = {
    int: 1,
    str: "440300",
    bool: True,
    float: 1.0,
    date: date(2026, 11, 23),
    datetime: datetime(2026, 11, 23, 17, 30, tzinfo=UTC),
}


def build(store: Store, revision: str) -> None:
    """Make the tables of a version, as the program of that time did."""
    config = Config()
    config.set_main_option("script_location", str(Path(str(migrations.__file__)).parent))
    with store.writing() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)


def reflected(connection: sa.Connection) -> list[sa.Table]:
    found = sa.MetaData()
    found.reflect(connection)
    return [table for table in found.sorted_tables if table.name != tables.VERSION_TABLE]


def fill(store: Store) -> Rows:
    """Put one row into every table there is, and return what was put."""
    put: Rows = {}
    with store.writing() as connection:
        for table in reflected(connection):
            row = {column.name: VALUES[column.type.python_type] for column in table.columns}
            connection.execute(sa.delete(table))  # what a migration itself put there
            connection.execute(sa.insert(table), row)
            put[table.name] = row
            _count_on(connection, table)
    return put


def _count_on(connection: sa.Connection, table: sa.Table) -> None:
    """Let PostgreSQL number the next row after ours: it did not see that we took a number ourselves."""
    for column in table.primary_key if connection.dialect.name == "postgresql" else ():
        sequence = connection.scalar(sa.select(sa.func.pg_get_serial_sequence(table.name, column.name)))
        if sequence is not None:
            connection.execute(sa.select(sa.func.setval(sequence, VALUES[int])))


def kept(store: Store, put: Rows) -> Rows:
    """Return, of the rows that were put, what stands there now; columns that came later left out."""
    with store.reading() as connection:
        found = {table.name: connection.execute(sa.select(table)).mappings().all() for table in reflected(connection)}
    return {
        name: {column: _aware(found[name][0][column]) for column in row} for name, row in put.items() if found[name]
    }


def _aware(value: Any) -> Any:
    return value.replace(tzinfo=UTC) if isinstance(value, datetime) and value.tzinfo is None else value


@pytest.mark.parametrize("revision", REVISIONS[:-1])
def test_a_ledger_of_every_version_is_upgraded_with_all_it_holds(url: str, revision: str, tmp_path: Path) -> None:
    with connect(checked_url(url), write=True) as old:
        build(old, revision)
        put = fill(old)
        assert len(put) >= 8
    with pytest.raises(StorageError, match=rf"版本是 {revision}，本程序需要 {HEAD}"):
        open_store(url, write=True)
    done = upgrade(url)
    assert (done.before, done.after) == (revision, HEAD)
    with open_store(url, write=True) as store:
        assert kept(store, put) == put
        start_run(store, a_run(2), CITIES[1:])
        publish(store, a_run(2), a_city_run(a_run(2), code=CITIES[1][0]), tmp_path)
        finish_run(store, a_run(2).run_id, NOW)


def test_a_lost_row_would_be_noticed(url: str) -> None:
    with connect(checked_url(url), write=True) as store:
        build(store, schema.REVISIONS[0])
        put = fill(store)
        with store.writing() as connection:
            connection.execute(sa.text("DELETE FROM findings"))
        assert set(put) - set(kept(store, put)) == {"findings"}
