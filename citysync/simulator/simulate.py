"""A simulated province put on disk: city files, master catalogue, dropped files, front-end databases, the truth."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import make_url

from citysync.simulator.cityfile import city_file, drop_source, http_source, sql_source
from citysync.simulator.files import DROPS, write_drop
from citysync.simulator.front_end import write_front_end
from citysync.simulator.plan import CITY_CODES
from citysync.simulator.protocols import PROTOCOLS
from citysync.simulator.province import Differences, Province, SimulatedCity
from citysync.simulator.secrets import secret_name, secret_of


@dataclass(frozen=True)
class Layout:
    """Where a province was written, and the secrets its sources demand (name → value)."""

    folder: Path
    secrets: Mapping[str, str] = field(repr=False)

    @property
    def cities(self) -> Path:
        """Return the folder of city files."""
        return self.folder / "cities"

    @property
    def master(self) -> Path:
        """Return the file of the master catalogue."""
        return self.folder / "master.csv"

    @property
    def truth(self) -> Path:
        """Return the file of the truth."""
        return self.folder / "truth.json"

    def write_secrets(self, folder: Path) -> None:
        """Write each secret into a file of its name that only its owner may read."""
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        for name, value in self.secrets.items():
            path = folder / name
            path.touch(mode=0o600)
            path.chmod(0o600)
            path.write_text(value, encoding="utf-8")


def write_province(
    province: Province,
    folder: Path,
    base_url: str,
    *,
    sql_urls: Mapping[str, str] | None = None,
    truth: Path | None = None,
) -> Layout:
    """Write everything a province is made of, and return where it is.

    ``base_url``: of the server that answers for it; ``sql_urls``: SQLAlchemy URL of a city's front-end database, by
    city code (default: an SQLite file each); ``truth``: where the truth goes (default: ``folder/truth.json``).
    """
    folder = folder.absolute()
    (folder / "cities").mkdir(parents=True, exist_ok=True)
    secrets: dict[str, str] = {}
    for city in province.cities.values():
        secrets |= write_city(city, province, folder, base_url, (sql_urls or {}).get(city.code))
    _write_master(province, folder / "master.csv")
    text = json.dumps(province.truth(), ensure_ascii=False, indent=1)
    (truth or folder / "truth.json").write_text(f"{text}\n", encoding="utf-8")
    return Layout(folder, secrets)


def write_city(
    city: SimulatedCity, province: Province, folder: Path, base_url: str, sql_url: str | None = None
) -> dict[str, str]:
    """Write one city's file and what it drops or keeps, and return the secrets it demands (name → value)."""
    source = _write_source(city, province, folder, base_url, sql_url)
    secrets = _secrets_of(city, province, sql_url, source)
    for each in city.faults:
        if each.fault.source is not None:
            source = each.fault.source(source)
    (folder / "cities" / f"{city.code}.toml").write_text(city_file(city, source), encoding="utf-8")
    return secrets


def _write_source(
    city: SimulatedCity, province: Province, folder: Path, base_url: str, sql_url: str | None
) -> dict[str, object]:
    if city.plan.dialect in PROTOCOLS:
        return http_source(city, base_url)
    if city.plan.dialect in DROPS:
        write_drop(city, province, folder / "drop")
        return drop_source(city, folder / "drop")
    if sql_url is None:
        (folder / "front-end").mkdir(exist_ok=True)
        sql_url = f"sqlite:///{folder / 'front-end' / city.code}.sqlite"
    write_front_end(city, province, sql_url)
    return sql_source(city, sql_url)


def _secrets_of(
    city: SimulatedCity, province: Province, sql_url: str | None, source: Mapping[str, object]
) -> dict[str, str]:
    if "auth" not in source:
        return {}
    password = None if sql_url is None else make_url(sql_url).password
    return {secret_name(city.code): password or secret_of(province.seed, city.code)}


def _write_master(province: Province, path: Path) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(province.master_records[0]))
        writer.writeheader()
        writer.writerows(province.master_records)


@dataclass(frozen=True, slots=True)
class Apart:
    """A province served by a process of its own."""

    base_url: str
    layout: Layout


@contextmanager
def apart(
    seed: int,
    items: int,
    folder: Path,
    *,
    cities: Sequence[str] = CITY_CODES,
    differences: Differences = "demo",
    faults: Sequence[str] = (),
) -> Iterator[Apart]:
    """Write a province into a folder and serve it from another process, so that benchmarks measure one side only.

    ``faults``: as ``citysync simulate --fault`` takes them.
    """
    options = ["--seed", str(seed), "--items", str(items), "--out", str(folder), "--differences", differences]
    options += [word for fault in faults for word in ("--fault", fault)]
    command = [sys.executable, "-m", "citysync.simulator", *options, "--cities", ",".join(cities)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 - ourselves
        try:
            assert process.stdout is not None  # noqa: S101 - asked for above
            told = json.loads(process.stdout.readline())
            yield Apart(told["base_url"], Layout(folder.absolute(), told["secrets"]))
        finally:
            process.terminate()
