"""Throw-away databases on the servers a machine has; without a server a test skips with a reason, in CI it fails."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import sqlalchemy as sa

POSTGRESQL = os.environ.get("CITYSYNC_TEST_POSTGRESQL", "postgresql+psycopg://postgres@127.0.0.1:5432/postgres")
MARIADB = os.environ.get("CITYSYNC_TEST_MARIADB", "mysql+pymysql://root@127.0.0.1:3306/")
REQUIRED = os.environ.get("CITYSYNC_REQUIRE_SERVERS") == "1"


@contextmanager
def postgresql_url() -> Iterator[str]:
    """Yield the URL of a fresh PostgreSQL database, dropped afterwards."""
    name = f"citysync_{uuid.uuid4().hex[:12]}"
    with _server(POSTGRESQL, "PostgreSQL") as server:
        server.execute(sa.text(f"CREATE DATABASE {name}"))
        try:
            yield sa.make_url(POSTGRESQL).set(database=name).render_as_string(hide_password=False)
        finally:
            server.execute(sa.text(f"DROP DATABASE {name} WITH (FORCE)"))


@contextmanager
def mariadb_url() -> Iterator[str]:
    """Yield the URL of a fresh MariaDB database, dropped afterwards."""
    name = f"citysync_{uuid.uuid4().hex[:12]}"
    with _server(MARIADB, "MariaDB") as server:
        server.execute(sa.text(f"CREATE DATABASE {name} CHARACTER SET utf8mb4"))
        try:
            yield sa.make_url(MARIADB).set(database=name).render_as_string(hide_password=False)
        finally:
            server.execute(sa.text(f"DROP DATABASE {name}"))


@contextmanager
def _server(url: str, name: str) -> Iterator[sa.Connection]:
    engine = sa.create_engine(url, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    try:
        connection = engine.connect()
    except sa.exc.OperationalError as error:
        if REQUIRED:
            raise
        pytest.skip(f"no {name} server at {sa.make_url(url).render_as_string()}: {type(error).__name__}")
    with connection:
        yield connection
