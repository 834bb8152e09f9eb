"""A whole night of ours as it is run: ``citysync sync`` over the city files of a folder, everything on."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from bench.process import Run, once

CITYSYNC = Path(sys.executable).with_name("citysync")
FIRST_DAY = date(2026, 11, 23)
_COUNTS = ("received", "rejected", "missing", "overclaimed", "drifted")


def places(folder: Path) -> dict[str, str]:
    """Return the environment by which ``folder``'s cities and data are meant."""
    return {"CITYSYNC_DATA_DIR": str(folder / "data"), "CITYSYNC_CITIES_DIR": str(folder / "cities")}


def import_master(folder: Path) -> None:
    """Begin a ledger with the catalogue of ``folder``."""
    words: list[str | Path] = [CITYSYNC, "master", "import", folder / "master.csv", "--effective", "2026-11-01"]
    subprocess.run(words, env={**os.environ, **places(folder)}, check=True, stdout=subprocess.DEVNULL)


def sync(folder: Path, on: date = FIRST_DAY, env: Mapping[str, str] | None = None) -> Run:
    """Run a night; its answer is the sum of the cities' counts."""
    words = ["sync", "--no-alert", "--json", "--business-date", on.isoformat()]
    run = once([CITYSYNC, *words], {**places(folder), **(env or {})}, good=(0, 1))
    cities: list[Any] = (run.told or {})["cities"]
    answer = {name: sum(city["counts"][name] for city in cities) for name in _COUNTS}
    return Run(run.wall, run.cpu, run.peak_mib, {"answer": answer})


def first_night(folder: Path) -> Run:
    """Run a night on a ledger that knows nothing but the master."""
    import_master(folder)
    return sync(folder)
