"""Our own side, in order and out of order: settings, city files, ledger, master catalogue, disk, folders, network."""

from __future__ import annotations

import os
import socket
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import sqlalchemy as sa

from citysync.config.cities import Cities
from citysync.config.settings import Settings
from citysync.domain.divisions import divisions
from citysync.domain.run import Run, Trigger
from citysync.domain.workdays import Calendar
from citysync.storage import catalogue, ledger, tables
from citysync.storage.schema import open_store
from flows.doctor import configuration, machine
from flows.doctor.catalogue import CONFIGURATION, LEDGER, MACHINE
from flows.doctor.ledger import Ledger
from flows.doctor.machine import Machine
from flows.doctor.outcome import Link, Result, follow
from tests.builders import a_city, a_master
from tests.places import write_city

NOW = datetime(2026, 11, 23, 17, 30, tzinfo=UTC)
TODAY = date(2026, 11, 24)
CALENDAR = Calendar({}, 2026)
Case = Callable[[Path], list[Result]]


def settings(folder: Path, **changes: object) -> Settings:
    """Return settings whose data and cities are in a folder."""
    given = {"data_dir": folder / "data", "cities_dir": folder / "cities", **changes}
    return Settings(**given)  # type: ignore[arg-type]


def configured(folder: Path, **changes: object) -> list[Result]:
    return follow("本系统", CONFIGURATION, configuration.read(settings(folder, **changes), TODAY))


@contextmanager
def variable(name: str, value: str) -> Iterator[None]:
    os.environ[name] = value
    try:
        yield
    finally:
        del os.environ[name]


def well_configured(folder: Path) -> list[Result]:
    write_city(folder, [])
    secrets = folder / "secrets"
    secrets.mkdir(mode=0o700)
    return configured(folder, secrets_dir=secrets)


def stray_variable(folder: Path) -> list[Result]:
    with variable("CITYSYNC_NOBODY_READS_THIS", "1"):
        return well_configured(folder)


def wrong_city_file(folder: Path) -> list[Result]:
    write_city(folder, [], more="colour = 1\n")
    return configured(folder)


def no_city_file(folder: Path) -> list[Result]:
    (folder / "cities").mkdir()
    return configured(folder)


def secret_missing(folder: Path) -> list[Result]:
    source = '[source]\nconnector = "http_pages"\nurl = "http://10.0.0.1/"\n'
    auth = 'auth = { kind = "bearer", secret = "CITYSYNC_SECRET_NOT_THERE" }\n'
    write_city(folder, []).write_text(f'name = "深圳市"\ncode = "440300"\n{source}{auth}', encoding="utf-8")
    return configured(folder)


def open_secrets_folder(folder: Path) -> list[Result]:
    write_city(folder, [])
    (folder / "secrets").mkdir()
    (folder / "secrets").chmod(0o755)
    return configured(folder, secrets_dir=folder / "secrets")


def open_web_key(folder: Path) -> list[Result]:
    write_city(folder, [])
    found = settings(folder)
    found.data_dir.mkdir(parents=True, exist_ok=True)
    (found.data_dir / "web.key").write_text("key", encoding="ascii")
    (found.data_dir / "web.key").chmod(0o644)
    return configured(folder)


def every_region(folder: Path) -> list[Result]:
    codes = [row.code for row in divisions() if row.code.startswith("44") and row.code.endswith("00")]
    cities = Cities({code: a_city(code=code) for code in codes}, {})
    return _told("config.regions", CONFIGURATION, configuration.Written(settings(folder), cities, (), None, TODAY))


def with_ledger(
    folder: Path,
    *,
    effective_on: date = date(2026, 11, 20),
    started_at: datetime = NOW - timedelta(hours=1),
    finished: bool = True,
) -> Settings:
    """Make a ledger with a master catalogue and one run."""
    (folder / "data").mkdir()
    made = settings(folder)
    with open_store(made.database, write=True) as store:
        items = a_master().items
        catalogue.save_master(store, items, effective_on=effective_on, changed=(), source="m.csv", now=NOW)
        run = Run("20261123T163000-aaaaaa", Trigger.NIGHTLY, TODAY, started_at, "m")
        ledger.start_run(store, run, [("440300", "深圳市")])
        if finished:
            ledger.finish_run(store, run.run_id, started_at)
    return made


def looked_at(made: Settings, now: datetime = NOW) -> list[Result]:
    seen = Ledger(made, now, TODAY, patience_seconds=0.05)
    try:
        return follow("本系统", LEDGER, seen)
    finally:
        seen.close()


def good_ledger(folder: Path) -> list[Result]:
    return looked_at(with_ledger(folder))


def no_database(folder: Path) -> list[Result]:
    (folder / "data").mkdir()
    (folder / "data" / "citysync.sqlite3").write_bytes(b"this is no database, but it is long enough" * 20)
    return looked_at(settings(folder))


def locked(folder: Path) -> list[Result]:
    made = with_ledger(folder)
    with closing(sqlite3.connect(folder / "data" / "citysync.sqlite3", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        return looked_at(made)


def clock_went_back(folder: Path) -> list[Result]:
    return looked_at(with_ledger(folder), NOW - timedelta(days=400))


def killed_run(folder: Path) -> list[Result]:
    made = with_ledger(folder, finished=False)
    with open_store(made.database, write=True) as store, store.writing() as connection:
        elsewhere = {"process": None, "lease_until": NOW - timedelta(days=1)}
        connection.execute(sa.update(tables.runs).values(**elsewhere))
    return looked_at(made)


def future_master(folder: Path) -> list[Result]:
    return looked_at(with_ledger(folder, effective_on=date(2026, 12, 1)))


def old_master(folder: Path) -> list[Result]:
    return looked_at(with_ledger(folder, effective_on=date(2025, 1, 1)))


def the_machine(folder: Path, today: date = TODAY, **changes: object) -> list[Result]:
    (folder / "data").mkdir(exist_ok=True)
    return follow(
        "本系统", MACHINE, Machine(settings(folder, **changes), CALENDAR, NOW, today, receipts=folder / "receipts")
    )


def blocked(name: str) -> Case:
    def run(folder: Path) -> list[Result]:
        (folder / "data").mkdir()
        blocker = folder / "blocker"
        blocker.write_text("a file where a folder should be")
        paths = {"data": folder / "data", "receipts": folder / "receipts", name: blocker}
        made = Machine(settings(folder, data_dir=paths["data"]), CALENDAR, NOW, TODAY, receipts=paths["receipts"])
        return follow("本系统", MACHINE, made)

    return run


def half_written(folder: Path) -> list[Result]:
    (folder / "data").mkdir()
    left = folder / "data" / ".tmp-killed"
    left.touch()
    os.utime(left, (0, 0))
    return the_machine(folder)


def reachable_probe(folder: Path) -> list[Result]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return the_machine(folder, probe_url=f"http://127.0.0.1:{server.getsockname()[1]}/")


def dead_probe(folder: Path) -> list[Result]:
    return the_machine(folder, probe_url=f"http://127.0.0.1:{closed_port()}/")


def closed_port() -> int:
    """Return a port nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
    return port


def full_disk(_folder: Path) -> list[Result]:
    said = machine.room(10 * 1024**2)
    return [Result("disk.free", said.outcome, "ours", "本系统", said.text, said.remedy)]


def free_disk(_folder: Path) -> list[Result]:
    said = machine.room(100 * 1024**3)
    return [Result("disk.free", said.outcome, "ours", "本系统", said.text, said.remedy)]


def late_calendar(folder: Path) -> list[Result]:
    return the_machine(folder, today=date(2026, 12, 1))


def _told(check_id: str, links: tuple[Link[configuration.Written], ...], facts: configuration.Written) -> list[Result]:
    return follow("本系统", [link for link in links if link.check_id == check_id], facts)


# check → (a fixture it passes, one it does not).
OURS: dict[str, tuple[Case, Case]] = {
    "config.settings": (well_configured, stray_variable),
    "config.cities": (well_configured, wrong_city_file),
    "config.secrets": (well_configured, secret_missing),
    "config.secrets_folder": (well_configured, open_secrets_folder),
    "config.web": (well_configured, open_web_key),
    "config.regions": (every_region, well_configured),
    "ledger.open": (good_ledger, no_database),
    "ledger.writable": (good_ledger, locked),
    "ledger.clock": (good_ledger, clock_went_back),
    "ledger.leftovers": (good_ledger, killed_run),
    "master.in_force": (good_ledger, future_master),
    "master.age": (good_ledger, old_master),
    "disk.free": (free_disk, full_disk),
    "folder.data": (the_machine, blocked("data")),
    "folder.receipts": (the_machine, blocked("receipts")),
    "folder.half_files": (the_machine, half_written),
    "calendar.next_year": (the_machine, late_calendar),
    "egress.probe": (reachable_probe, dead_probe),
}
