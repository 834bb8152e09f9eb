"""A whole night of ours as it is run: ``citysync sync`` over the city files of a folder, everything on."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from bench.process import Run, once
from bench.told import told

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
    run = _run(folder, words, env)
    return replace(run, told={"answer": _counted(run)})


def first_night(folder: Path) -> Run:
    """Run a night on a ledger that knows nothing but the master."""
    import_master(folder)
    return sync(folder)


def second_night(folder: Path) -> Run:
    """Run the night after; its answer is also the findings by check and what changed, read back unmeasured."""
    words = ["sync", "--no-alert", "--json", "--business-date", (FIRST_DAY + timedelta(days=1)).isoformat()]
    run = _run(folder, words)
    assert run.told is not None  # noqa: S101 - --json was asked for
    return replace(run, told={"answer": {**_counted(run), **told(folder, str(run.told["run_id"]))}})


def _run(folder: Path, words: list[str], env: Mapping[str, str] | None = None) -> Run:
    return once([CITYSYNC, *words], {**places(folder), **(env or {})}, good=(0, 1))


def _counted(run: Run) -> dict[str, int]:
    cities: list[Any] = (run.told or {})["cities"]
    return {name: sum(city["counts"][name] for city in cities) for name in _COUNTS}
