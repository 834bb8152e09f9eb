"""A simulated province walked through the real line: real HTTP, real files, real databases."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from citysync.config.cities import load_cities
from citysync.domain.catalogue import MasterCatalogue
from citysync.domain.city import City
from citysync.domain.memory import FIRST_TIME, Memory
from citysync.domain.outcome import CityRun
from citysync.domain.run import Run, Trigger
from citysync.domain.snapshot import RawPage, Snapshot
from citysync.domain.workdays import calendar
from citysync.simulator.province import Province
from citysync.simulator.server import Behaviour, Server, serve
from citysync.simulator.simulate import Layout, write_province
from connectors import pull, source_model
from connectors._door import Door
from connectors._files import read_records
from flows.line import Means, sync_city
from schemas.master import typed_master
from tests.builders import NOW


@dataclass(frozen=True)
class Walk:
    """A province on disk and on the air, ready to be pulled and judged."""

    province: Province
    layout: Layout
    server: Server
    cities: Mapping[str, City]

    def door(self, **secrets: str) -> Door:
        known = {**self.layout.secrets, **secrets}
        return Door(_keep, known.__getitem__, lambda: NOW, time.monotonic, lambda _line: None)

    def pull(self, code: str, **secrets: str) -> Snapshot:
        return pull(self.cities[code], self.door(**secrets))

    def judge(self, code: str, memory: Memory = FIRST_TIME) -> CityRun:
        means = Means(self.door(), calendar(), lambda _step: None)
        run = Run("run", Trigger.NIGHTLY, self.province.on, NOW, "1")
        return sync_city(self.cities[code], run, self.master(), memory, means)

    def master(self) -> MasterCatalogue:
        records = read_records(self.layout.master.read_bytes(), "csv", None)
        return MasterCatalogue("1", date(2026, 11, 20), typed_master(records))


@contextmanager
def walking(
    province: Province,
    folder: Path,
    *,
    sql_urls: Mapping[str, str] | None = None,
    behaviours: Mapping[str, Behaviour] | None = None,
) -> Iterator[Walk]:
    with serve(province, behaviours=behaviours) as server:
        layout = write_province(province, folder, server.base_url, sql_urls=sql_urls)
        yield Walk(province, layout, server, load_cities(layout.cities, source_model))


def _keep(data: bytes, number: int, url: str) -> RawPage:
    return RawPage(number, url, hashlib.sha256(data).hexdigest(), len(data), NOW)
