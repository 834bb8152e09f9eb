"""``citysync sync`` of one healthy city of 10,000 items by HTTP, the server in another process."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from pathlib import Path

from bench.clock import PROGRAM, timed
from citysync.simulator.province import BUSINESS_DATE
from citysync.simulator.simulate import apart

CITY = "440100"
LIMIT_SECONDS = 2.5  # above --help, for at least 10,000 rows: the simulator makes about 1.2 rows per item asked for


def measure(items: int = 8_300) -> str:
    """Return one row of the table: best of five, above ``citysync --help``."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with apart(1, items, folder, cities=[CITY], differences="none") as province:
            province.layout.write_secrets(folder / "secrets")
            env = {
                "CITYSYNC_DATA_DIR": str(folder / "data"),
                "CITYSYNC_CITIES_DIR": str(folder / "cities"),
                "CITYSYNC_SECRETS_DIR": str(folder / "secrets"),
            }
            subprocess.run(
                [PROGRAM, "master", "import", province.layout.master, "--effective", "2026-11-01", *_places(folder)],
                check=True,
                stdout=subprocess.DEVNULL,
            )
            floor = timed(["--help"], env)
            sync = timed(["sync", CITY, "--business-date", BUSINESS_DATE.isoformat()], env)
        rows = _received(env)
    above = sync.best - floor.best
    verdict = "within" if above <= LIMIT_SECONDS else "OVER"
    return (
        f"| sync, one city, {rows:,} rows, HTTP | {floor.best:.2f} s | {sync.best:.2f} s (median {sync.median:.2f}) "
        f"| {above:.2f} s above --help, {verdict} {LIMIT_SECONDS} s | {sync.peak_mib:.0f} MiB |"
    )


def _received(env: dict[str, str]) -> int:
    """Return how many rows the last sync received; a benchmark of a city that was not in sync would time nothing."""
    said = subprocess.run([PROGRAM, "status", "--json"], env={**os.environ, **env}, check=True, capture_output=True)
    (city,) = json.loads(said.stdout)["cities"]
    if city["state"] != "in_sync":
        raise SystemExit(f"the benchmark's city is {city['state']}: {city['reasons']}")
    received: int = city["counts"]["received"]
    return received


def _places(folder: Path) -> list[str]:
    return ["--data-dir", str(folder / "data"), "--cities-dir", str(folder / "cities")]
