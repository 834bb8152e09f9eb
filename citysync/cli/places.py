"""The options every verb shares: where the data, the city files and the ledger are."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

from cyclopts import Parameter

from citysync.config.logs import set_up
from citysync.config.settings import Settings, load_settings


@Parameter(name="*")
@dataclass(frozen=True)
class Places:
    """Overrides of ``CITYSYNC_DATA_DIR``, ``CITYSYNC_CITIES_DIR`` and ``CITYSYNC_DATABASE_URL``."""

    data_dir: Annotated[Path | None, Parameter(help="数据目录（CITYSYNC_DATA_DIR，默认 var/）")] = None
    cities_dir: Annotated[Path | None, Parameter(help="城市文件目录（CITYSYNC_CITIES_DIR，默认 cities/）")] = None
    database_url: Annotated[str | None, Parameter(help="台账数据库（CITYSYNC_DATABASE_URL，默认 SQLite）")] = None

    def settings(self) -> Settings:
        """Return the settings of the environment with these options laid over them; the log is as they say."""
        given = {
            "data_dir": self.data_dir,
            "cities_dir": self.cities_dir,
            "database_url": self.database_url,
        }
        settings = load_settings(**{key: value for key, value in given.items() if value is not None})
        set_up(settings)
        return settings

    def export(self) -> Settings:
        """Put the options into the environment, where a flow in this process looks, and return the settings."""
        settings = self.settings()
        os.environ["CITYSYNC_DATA_DIR"] = str(settings.data_dir)
        os.environ["CITYSYNC_CITIES_DIR"] = str(settings.cities_dir)
        os.environ["CITYSYNC_DATABASE_URL"] = settings.database
        return settings


def today() -> date:
    """Return the day it is in Asia/Shanghai: business dates are counted there."""
    return datetime.now(ZoneInfo("Asia/Shanghai")).date()


def now() -> datetime:
    """Return the clock of the edge: everything inside gets it as an argument."""
    return datetime.now(UTC)
