"""Two nights of 深圳市 whose one item changes in between, stored through the ledger's own doors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from citysync.config.settings import Settings
from citysync.domain.catalogue import MasterCatalogue
from citysync.domain.verdict import State
from citysync.storage.catalogue import save_master
from citysync.storage.ledger import publish, start_run
from citysync.storage.schema import open_store
from tests.builders import NOW, TODAY, a_master, a_snapshot, an_item
from tests.storage.cast import CITIES, a_city_run, a_finding, a_run
from tests.web.province import write_cities

Row = Mapping[str, str | None]


def two_nights(
    folder: Path,
    first: Row,
    then: Row,
    *findings: Mapping[str, Any],
    name: str = "深圳市",
    master: MasterCatalogue | None = None,
) -> Settings:
    """Store a night in sync and one with findings, of 深圳市 and the same rows of 广州市, and return the settings."""
    cities = {"440300": (name, (2, 3)), "440100": ("广州市", (1, 2))}
    write_cities(folder / "cities", cities)
    settings = Settings(data_dir=folder / "data", cities_dir=folder / "cities")
    settings.data_dir.mkdir()
    with open_store(settings.database, write=True) as store:
        since: date = TODAY - timedelta(days=100)
        items = (master or a_master()).items
        save_master(store, items, effective_on=since, changed=(), source="-", now=NOW, version="2026-11-20-1")
        for serial, row, found in ((1, first, ()), (2, then, findings)):
            run = a_run(serial, on=TODAY + timedelta(days=serial - 1))
            start_run(store, run, CITIES)
            for code in cities:
                told = found if code == "440300" else ()
                state = State.OUT_OF_SYNC if told else State.IN_SYNC
                city_run = a_city_run(run, *(dict(each) for each in told), code=code, state=state)
                snapshot = a_snapshot([{**row, "areacode": code}], city_code=code)
                publish(store, run, replace(city_run, snapshot=snapshot), settings.data_dir)
    return settings


def a_changed_item(settings_folder: Path) -> Settings:
    """Store the city's own change of a name, with a character nobody sees at its end."""
    then = an_item(task_name="公共场所卫生许可证\u200b", anticipate_day="30")
    return two_nights(
        settings_folder, an_item(), then, a_finding(actual="公共场所卫生许可证\u200b", due_on=None), a_finding()
    )
