"""The door to the ledger: one engine, reading and writing transactions, errors said once.

SQLite: WAL, ``BEGIN IMMEDIATE`` for every writing transaction (a read transaction that turns into a write fails at
once, whatever the timeout), plain ``BEGIN`` for reading. PostgreSQL: named locks where two writers must take turns.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote

import sqlalchemy as sa

from citysync.domain.errors import ConfigError
from citysync.storage.translate import Place, translated

BUSY_SECONDS = 30.0
_CONNECT_SECONDS = 10
_TURNS = 20
_WRITES = "citysync_writes"


@dataclass(frozen=True)
class Store:
    """An open ledger. Close it, or use it as a context; a child process opens its own."""

    engine: sa.Engine
    place: Place

    @property
    def is_sqlite(self) -> bool:
        """Return whether the ledger is a SQLite file."""
        return self.engine.dialect.name == "sqlite"

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """Yield a connection on which every query sees the same moment."""
        with translated(self.place), self.engine.connect() as connection:
            if not self.is_sqlite:
                connection.execution_options(isolation_level="REPEATABLE READ")
            with connection.begin():
                yield connection

    @contextmanager
    def writing(self, lock: str | None = None) -> Iterator[sa.Connection]:
        """Yield a connection whose work is kept whole or not at all.

        ``lock``: on PostgreSQL, writers of the same name take turns; on SQLite all writers do anyway.
        """
        with translated(self.place), self.engine.connect() as connection:
            connection.execution_options(**{_WRITES: True})
            with connection.begin():
                if lock is not None and not self.is_sqlite:
                    turn = sa.func.pg_advisory_xact_lock(sa.func.hashtextextended(f"citysync:{lock}", 0))
                    connection.execute(sa.select(turn))
                yield connection

    def close(self) -> None:
        """Close every connection."""
        self.engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def checked_url(text: str) -> sa.URL:
    """Return the ledger's URL; raise ``ConfigError`` with the remedy for one that cannot be used, never quoting it."""
    try:
        url = sa.make_url(text)
    except (sa.exc.ArgumentError, ValueError):
        raise ConfigError(
            "CITYSYNC_DATABASE_URL 不是数据库地址；请写成 sqlite:///var/citysync.db "
            "或 postgresql+psycopg://账号:密码@主机:5432/库名"
        ) from None  # the cause quotes pieces of the URL, perhaps of the password
    if url.drivername in {"postgresql", "postgres"}:
        raise ConfigError("CITYSYNC_DATABASE_URL 要写明驱动：把 postgresql:// 改成 postgresql+psycopg://")
    if url.drivername not in {"sqlite", "sqlite+pysqlite", "postgresql+psycopg"}:
        raise ConfigError(
            f"CITYSYNC_DATABASE_URL：台账不支持 {url.drivername}；请用 sqlite:///… 或 postgresql+psycopg://…"
        )
    if "@" in f"{url.host}{url.database}" and url.get_backend_name() == "postgresql":
        raise ConfigError("CITYSYNC_DATABASE_URL：密码里的 @ : / 要写成 %40 %3A %2F")
    if url.get_backend_name() == "sqlite" and (sqlite_path(url) is None or url.query):
        raise ConfigError("CITYSYNC_DATABASE_URL：台账不能放在内存里，地址也不带参数；请写成 sqlite:///文件路径")
    return url


def sqlite_path(url: sa.URL) -> Path | None:
    """Return the file a SQLite URL names, None for a database in memory."""
    name = url.database or ":memory:"
    return None if name == ":memory:" or name.startswith("file:") else Path(name)


def connect(url: sa.URL, *, write: bool, busy_seconds: float = BUSY_SECONDS) -> Store:
    """Return a store on a checked URL; nothing is opened before the first transaction.

    A store that does not write cannot: SQLite and PostgreSQL both refuse it.
    """
    path = sqlite_path(url) if url.get_backend_name() == "sqlite" else None
    if path is not None:
        return Store(_sqlite(path, write, busy_seconds), Place(str(path), busy_seconds))
    name = f"PostgreSQL {url.host or '本机'}:{url.port or 5432}/{url.database or ''}"
    return Store(_postgresql(url, write, busy_seconds), Place(name, busy_seconds, _password(url)))


def _password(url: sa.URL) -> str | None:
    return url.password or str(url.query.get("password", "")) or None


def _sqlite(path: Path, write: bool, busy_seconds: float) -> sa.Engine:  # noqa: FBT001 - private, called once
    # mode=rw: a reading command never creates the file, not even between a look and an open.
    target = f"file:{quote(str(path.absolute()))}?mode={'rwc' if write else 'rw'}"

    def opened() -> sqlite3.Connection:
        connection = sqlite3.connect(
            target, uri=True, timeout=busy_seconds, isolation_level=None, check_same_thread=False
        )
        try:
            _prepare(connection, write=write, busy_seconds=busy_seconds)
        except BaseException:
            connection.close()
            raise
        return connection

    engine = sa.create_engine("sqlite://", creator=opened, poolclass=sa.QueuePool, hide_parameters=True)
    sa.event.listen(engine, "begin", _begin)
    return engine


def _prepare(connection: sqlite3.Connection, *, write: bool, busy_seconds: float) -> None:
    connection.execute(f"PRAGMA busy_timeout = {int(busy_seconds * 1000)}")
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA synchronous = NORMAL")
    if not write:
        connection.execute("PRAGMA query_only = ON")
    elif connection.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
        _turn_to_wal(connection)


def _turn_to_wal(connection: sqlite3.Connection) -> None:
    """Several first commands at once hinder each other here, and SQLite says "locked" at once instead of waiting."""
    for _ in range(_TURNS):
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
                raise
        else:
            return
        connection.execute("BEGIN IMMEDIATE")  # this one waits for its turn
        connection.execute("ROLLBACK")
    connection.execute("PRAGMA journal_mode = WAL")


def _begin(connection: sa.Connection) -> None:
    writes = connection.get_execution_options().get(_WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _postgresql(url: sa.URL, write: bool, busy_seconds: float) -> sa.Engine:  # noqa: FBT001 - private, called once
    options = f"-c timezone=UTC -c lock_timeout={int(busy_seconds * 1000)}"
    if not write:
        options += " -c default_transaction_read_only=on"
    return sa.create_engine(
        url,
        hide_parameters=True,
        pool_pre_ping=True,
        connect_args={"connect_timeout": _CONNECT_SECONDS, "options": options, "application_name": "citysync"},
    )
