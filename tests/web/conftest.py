"""One stored province for all sentences about pages, and clients that ask it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from citysync.config.settings import Settings
from citysync.web.app import create_app
from tests.web.province import NOW, a_province


@pytest.fixture(scope="session")
def province(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Return the settings of a province with eight nights behind it."""
    folder: Path = tmp_path_factory.mktemp("province")
    return a_province(folder)


@pytest.fixture(scope="session")
def pages(province: Settings) -> Iterator[TestClient]:
    """Return a browser without a screen, on the machine itself: the province's administrator."""
    with TestClient(create_app(province, lambda: NOW), base_url="http://127.0.0.1") as client:
        yield client
