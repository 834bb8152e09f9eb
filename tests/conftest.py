"""Every sentence about the ledger is true on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from unittest import mock

import pytest

from citysync.storage.engine import Store
from citysync.storage.schema import open_store
from connectors._envelope import Reader
from tests.connectors.both import both_ways
from tests.servers import postgresql_url


@pytest.fixture(autouse=True, scope="session")
def every_page_both_ways() -> Iterator[None]:
    """Read every page that is pulled in this process strictly too: both must say the same."""
    with mock.patch.object(Reader, "read", both_ways):
        yield


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Return the address of a database in which nothing has ever run."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'citysync.db'}"
        return
    with postgresql_url() as fresh:
        yield fresh


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    """Return an open, empty ledger."""
    with open_store(url, write=True) as opened:
        yield opened


@pytest.fixture
def server_url() -> Iterator[str]:
    """Return the address of an empty PostgreSQL database."""
    with postgresql_url() as fresh:
        yield fresh
