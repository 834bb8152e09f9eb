"""A small province of every kind of source, night after night through the real line, in this process.

The border of a child process is kept (the same function catches what escapes), the clock is fixed, and pauses between
attempts pass on a clock of their own, so that a fault that costs minutes costs none here.
"""

from __future__ import annotations

import hashlib
import json
import os
import resource
import shutil
import socketserver
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, cast
from unittest import mock

import sqlalchemy as sa

from citysync.cli.exits import exit_code
from citysync.cli.results import published
from citysync.config.settings import Settings, load_settings
from citysync.domain.redaction import _forms
from citysync.domain.run import Trigger
from citysync.domain.verdict import Verdict
from citysync.reports.document import document
from citysync.simulator.faults import Chosen, with_faults
from citysync.simulator.faults import clock as simulated
from citysync.simulator.faults.fault import Fault, always, seam_of
from citysync.simulator.faults.plausibility import changed_days_ago
from citysync.simulator.province import Province, SimulatedCity, build_province, paged
from citysync.simulator.server import Server, serve
from citysync.simulator.simulate import write_city, write_province
from citysync.storage import past, reading
from citysync.storage.engine import Store
from citysync.storage.kept import read_snapshot
from citysync.storage.schema import open_store
from connectors._door import Door
from flows import child
from flows.crew import Crew, Job, Lost
from flows.master_import import Import, import_master
from flows.night import Asked, begin, closing_well
from flows.walking import walk_all

SEED, ITEMS, PAGE = 5, 20, 6
CITIES = (
    "440700",
    "440300",
    "441200",
    "440400",
    "441500",
    "440800",
    "441800",
    "445100",
    "440900",
    "441400",
    "441600",
    "441700",
    "442000",
    "445300",
)
BYSTANDERS = ("442000", "445300")
COSTLY = frozenset({"T06", "Q03", "F09c"})
DAY = date(2026, 11, 23)
FIRST = datetime(2026, 11, 22, 17, 30, tzinfo=UTC)
GOOD_NIGHTS = 1
_A_MOMENT = 0.15
Facts = dict[str, Any]

# Every city says when it changed, and is asked impatiently: what a fault costs in waiting is real here.
IMPATIENT = Fault(
    "Z00",
    "急性子",
    "short time-outs",
    answer=changed_days_ago(1),
    source=lambda source: {**source, "timeout_seconds": 1, "budget_seconds": 12},
)
# A city whose fault costs its whole budget has a small one.
HURRIED = Fault("Z01", "更急", "a short budget", source=lambda source: {**source, "budget_seconds": 3})


class Here:
    """A crew of one: this process. Walks a city behind the border a child process has."""

    def __init__(self, passing: Callable[[str], None] = lambda _text: None) -> None:
        self.said: list[str] = []
        self.waited = 0.0
        self._passing = passing

    def ask(self, job: Job, step: Callable[[str], None]) -> Verdict | Exception | Lost:
        """Return what a child would answer."""
        unlimited = replace(job, memory_bytes=resource.RLIM_INFINITY)
        with mock.patch.object(child, "_door", self._door(child._door)):
            return child._answer(unlimited, cast("Any", _Told(self.said, self._steps(step))))

    def _steps(self, step: Callable[[str], None]) -> Callable[[str], None]:
        def send(text: str) -> None:
            step(text)
            self._passing(text)

        return send

    def _door(self, real: Callable[..., Door]) -> Callable[..., Door]:
        def door(*arguments: Any) -> Door:
            return replace(real(*arguments), wait=self._wait, monotonic=lambda: time.monotonic() + self.waited)

        return door

    def _wait(self, seconds: float) -> None:
        self.waited += seconds
        threading.Event().wait(min(seconds, _A_MOMENT))  # long enough for a writer to write on


@dataclass
class _Told:
    said: list[str]
    step: Callable[[str], None]

    def send(self, text: object) -> None:
        self.said.append(str(text))
        self.step(str(text))


@dataclass(frozen=True)
class Night:
    """What one run left behind. ``cities``: everything published of each, times and run ids left out.

    ``last_good``: city → path, digest and day of the snapshot in force; ``said``: every text that left the line.
    """

    exit_code: int
    cities: dict[str, Facts]
    last_good: dict[str, tuple[str, str, str] | None]
    said: tuple[str, ...]
    seconds: float
    requests: dict[str, int]
    day: str
    master: str
    error: str | None = None


@dataclass
class World:
    """A folder of city files, sources and a ledger; ``at`` is how many nights have passed."""

    province: Province
    server: Server
    folder: Path
    secrets: dict[str, str] = field(default_factory=dict)
    at: int = 0

    @property
    def settings(self) -> Settings:
        """Return where this world's data and city files are."""
        return load_settings(
            data_dir=self.folder / "data", cities_dir=self.folder / "cities", secrets_dir=self.folder / "secrets"
        )

    @contextmanager
    def _edges(self, clock: Callable[[], datetime]) -> Iterator[None]:
        """Hold the clocks still, and set the one variable a child reads by itself."""
        with (
            mock.patch.object(child, "_now", clock),
            mock.patch.object(simulated, "now", clock),
            mock.patch.dict(os.environ, {"CITYSYNC_SECRETS_DIR": str(self.folder / "secrets")}),
        ):
            yield

    def last_good(self) -> dict[str, tuple[str, str, str] | None]:
        """Return the snapshot in force of every city."""
        settings = self.settings
        with open_store(settings.database, write=False) as store:
            return {code: _last_good(store, code, settings.data_dir) for code in self.province.cities}

    def misput(self, code: str, fault: Fault) -> SimulatedCity:
        """Write a city with a fault, as it has it when nobody says in which requests."""
        return self.put(code, *always(code, fault, *((HURRIED,) if fault.id in COSTLY else ())))

    def put(self, code: str, *faults: Chosen, sql_url: str | None = None) -> SimulatedCity:
        """Write a city and its source anew, with faults or without."""
        city = self.province.cities[code]
        shutil.rmtree(self.folder / "drop" / code, ignore_errors=True)
        (self.folder / "front-end" / f"{code}.sqlite").unlink(missing_ok=True)
        hurried = (*always(code, IMPATIENT), *faults)
        faulty = replace(with_faults(city, self.province, hurried), max_rejected_ratio=0.5)
        with mock.patch.object(simulated, "now", return_value=FIRST + timedelta(days=self.at)):
            write_city(faulty, self.province, self.folder, self.server.base_url, sql_url)
        self.server.put(faulty)
        return faulty

    def night(self, *codes: str, crew: Here | None = None) -> Night:
        """Run one night over the cities and return what it left behind."""
        moment = FIRST + timedelta(days=self.at)
        self.at += 1
        here = crew or Here()
        settings, started = self.settings, time.monotonic()
        clock = lambda: moment  # noqa: E731 - a clock that stands
        error = None
        with self._edges(clock):
            run = begin(Asked(Trigger.NIGHTLY, codes, DAY), settings, moment)
            try:
                with closing_well(run, clock):
                    walk_all(run, cast("Crew", here), lambda _code, text: here.said.append(text), clock, 1)
            except Exception as broken:  # noqa: BLE001 - what our side did wrong is what is looked at
                error = f"{type(broken).__name__}: {broken}"
        child._store.cache_clear()
        seconds = time.monotonic() - started
        return _night(self, run.run.run_id, tuple(here.said), seconds, error)


def _night(world: World, run_id: str, said: tuple[str, ...], seconds: float, error: str | None) -> Night:
    settings = world.settings
    result = published(settings, run_id)
    night = document(result.run, result.verdicts)
    with open_store(settings.database, write=False) as store:
        cities = {city["code"]: _facts(store, run_id, city, settings.data_dir) for city in night["cities"]}
        last_good = {code: _last_good(store, code, settings.data_dir) for code in cities}
    code = 3 if error else exit_code(night["cities"])
    told = (str(night["business_date"]), str(night["master_version"]))
    return Night(code, cities, last_good, said, seconds, dict(world.server.requests), *told, error)


def _facts(store: Store, run_id: str, city: Facts, data: Path) -> Facts:
    code = city["code"]
    kept = reading.snapshot_of(store, code, run_id)
    rows = None
    if kept is not None:
        frame = read_snapshot(data / kept["path"]).rows
        rows = hashlib.sha256(frame.write_csv().encode()).hexdigest()
    return {
        **{name: value for name, value in city.items() if name != "since"},
        "adopted": bool(kept and kept["adopted"]),
        "rows": rows,
        "findings": list(reading.findings(store, code, run_id=run_id).rows),
        "rejections": list(reading.rejections(store, code, run_id=run_id).rows),
    }


def _last_good(store: Store, code: str, data: Path) -> tuple[str, str, str] | None:
    kept = past.adopted_snapshots(store, code)
    if not kept:
        return None
    digest = hashlib.sha256((data / kept[0]["path"]).read_bytes()).hexdigest()
    return kept[0]["path"], digest, str(kept[0]["business_date"])


@contextmanager
def a_plain_world(folder: Path, *, items: int = ITEMS, cities: Sequence[str] = CITIES) -> Iterator[World]:
    """Yield a world with a master catalogue in which nothing has happened yet."""
    province = paged(build_province(SEED, items, cities=cities, differences="none", on=DAY), PAGE)
    with serve(province) as server:
        layout = write_province(province, folder, server.base_url)
        layout.write_secrets(folder / "secrets")
        world = World(province, server, folder.absolute(), dict(layout.secrets))
        import_master(Import(layout.master, date(2026, 11, 1)), world.settings, FIRST)
        for code in province.cities:
            world.put(code)
        yield world


@contextmanager
def a_world(folder: Path, *, items: int = ITEMS, cities: Sequence[str] = CITIES) -> Iterator[World]:
    """Yield a world whose cities were in sync for a night."""
    with a_plain_world(folder, items=items, cities=cities) as world:
        for _ in range(GOOD_NIGHTS):
            world.night()
        yield world


def copied(world: World, folder: Path) -> World:
    """Return the same world in another folder, with the same past; the server is shared."""
    for part in ("data", "secrets"):
        shutil.copytree(world.folder / part, folder / part)
    for part in ("cities", "drop", "front-end"):
        (folder / part).mkdir(parents=True)
    return World(world.province, world.server, folder, world.secrets, world.at)


def kind_of(city: SimulatedCity) -> str:
    """Return the kind of source of a city."""
    return seam_of(city.plan.dialect)


class Witness(socketserver.ThreadingTCPServer):
    """A neighbour on another address of this machine who only counts who comes."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, port: int) -> None:
        self.visits = 0
        super().__init__(("127.0.0.2", port), socketserver.BaseRequestHandler)
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()

    def verify_request(self, request: Any, client_address: Any) -> bool:
        del request, client_address
        self.visits += 1
        return False


def as_text(facts: Facts) -> str:
    """Return facts as one text, so that a difference shows where it is."""
    return json.dumps(facts, ensure_ascii=False, sort_keys=True, default=str)


def batches(world: World, faults: Sequence[Fault]) -> Iterator[dict[str, Fault]]:
    """Yield nights of faults, city → fault: every fault once, no city twice a night, bystanders left alone."""
    cities = world.province.cities
    hosts = {
        fault.id: [code for code in cities if code not in BYSTANDERS and fault.fits(cities[code].plan.dialect)]
        for fault in faults
    }
    waiting = sorted(faults, key=lambda fault: len(hosts[fault.id]))
    while waiting:
        night: dict[str, Fault] = {}
        for fault in tuple(waiting):
            code = next((code for code in hosts[fault.id] if code not in night), None)
            if code is not None:
                night[code] = fault
                waiting.remove(fault)
        assert night, f"no city can have {[fault.id for fault in waiting]}"
        yield night


def leaks(world: World, night: Night) -> list[str]:
    """Return where a secret of a city can be read: files of the data folder, texts, an error."""
    forms = {form.encode() for secret in world.secrets.values() for form in _forms(secret)}
    texts = {"过程文字": "\n".join(night.said).encode(), "错误": (night.error or "").encode()}
    texts |= {"结论": as_text(night.cities).encode()}
    texts |= {str(path): path.read_bytes() for path in (world.folder / "data").rglob("*") if path.is_file()}
    return sorted(name for name, text in texts.items() if any(form in text for form in forms))


def leftovers(world: World) -> list[str]:
    """Return half-written files and runs nobody closed."""
    left = [path.name for path in (world.folder / "data").rglob("*") if ".tmp" in path.name]
    with open_store(world.settings.database, write=False) as store, store.reading() as connection:
        running = connection.execute(sa.text("SELECT run_id FROM runs WHERE status = 'running'")).scalars()
        return left + [f"运行 {run_id} 未结束" for run_id in running]
