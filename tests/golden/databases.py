"""Every way a database source is refused."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from unittest.mock import patch

import sqlalchemy as sa

from citysync.domain.city import SourceBase
from connectors._sql import Reader
from tests.connectors.doors import code, pulled
from tests.golden.refused import Act, Cases, raises


class Driver(Exception):
    """An error as a driver raises it: with a state (PostgreSQL) or a number (MariaDB)."""

    def __init__(self, text: str, *, state: str = "", number: int = 0) -> None:
        super().__init__(*([number] if number else []), text)
        self.sqlstate = state


def said(kind: type[sa.exc.DBAPIError], error: Exception) -> Act:
    """Return an act that meets what a driver says, in SQLAlchemy's wrapping."""
    source = SourceBase(connector="sql_table", budget_seconds=60)
    reader = Reader(sa.make_url("postgresql+psycopg://db.city.invalid/zwfw"), source, "canary", lambda: 0.0)
    return raises(reader._translated(kind("SELECT 1", {}, error)))


def asked(rows: list[Mapping[str, Any]], table: str = "up_task", **types: str) -> Act:
    """Return an act that pulls ``up_task`` out of a database with one table of such rows."""

    def act(folder: Path) -> object:
        path = folder / f"{len(list(folder.iterdir()))}.db"
        columns = ", ".join(f"{name} {types.get(name, 'TEXT')}" for name in rows[0])
        marks = ", ".join("?" for _ in rows[0])
        database = sqlite3.connect(path)
        database.execute(f"CREATE TABLE {table} ({columns})")
        database.executemany(f"INSERT INTO {table} VALUES ({marks})", [tuple(row.values()) for row in rows])  # noqa: S608
        database.commit()
        database.close()
        return pulled({"connector": "sql_table", "url": f"sqlite:///{path}", "tables": ["up_task"]})

    return act


def no_driver(_: Path) -> object:
    with patch("connectors._sql._engine", side_effect=ModuleNotFoundError("No module", name="dmPython")):
        return pulled({"connector": "sql_table", "url": "sqlite:///x.db", "tables": ["t"]})


Row = dict[str, Any]
ITEM: Row = {"task_code": code(1), "task_name": "办证", "cd_operation": "i", "cd_time": "2026-11-01 08:00:00"}
DATABASES: Cases = {
    "account": said(sa.exc.OperationalError, Driver("denied", state="28P01")),
    "rights": said(sa.exc.ProgrammingError, Driver("denied", number=1142)),
    "too slow": said(sa.exc.OperationalError, Driver("canceling", state="57014")),
    "no UTF-8": said(sa.exc.OperationalError, Driver("Could not decode to UTF-8 column 'n'")),
    "broken off": said(sa.exc.OperationalError, Driver("server closed the connection, password canary")),
    "other": said(sa.exc.ProgrammingError, Driver("syntax error")),
    "no file": lambda _: pulled({"connector": "sql_table", "url": "sqlite:////nowhere/x.db", "tables": ["t"]}),
    "no driver": no_driver,
    "no table": asked([ITEM], "other"),
    "no known column": asked([{"a": "1"}]),
    "codes as numbers": asked([{**ITEM, "task_code": 1144}], task_code="INTEGER"),
    "unknown operation": asked([{**ITEM, "cd_operation": "x"}]),
    "unreadable time": asked([{**ITEM, "cd_time": "昨天"}]),
}
