"""Whole processes, timed from outside."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

PROGRAM = Path(sys.executable).with_name("citysync")


@dataclass(frozen=True)
class Timing:
    """Seconds of several runs, best and median, and the peak memory of the largest process in MiB."""

    walls: tuple[float, ...]
    peak_mib: float

    @property
    def best(self) -> float:
        """Return the fastest run: what the machine allows when nothing disturbs."""
        return min(self.walls)

    @property
    def median(self) -> float:
        """Return the middle run."""
        return sorted(self.walls)[len(self.walls) // 2]


def timed(words: list[str], env: dict[str, str], runs: int = 5) -> Timing:
    """Run ``citysync`` several times and return how long each took; a run that fails ends the benchmark."""
    walls, peak = [], 0
    for _ in range(runs):
        started = time.perf_counter()
        process = subprocess.Popen(
            [PROGRAM, *words], env={**os.environ, **env}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        _, status, usage = os.wait4(process.pid, 0)
        walls.append(time.perf_counter() - started)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode not in {0, 1}:
            raise SystemExit(f"{' '.join(words)} left with {process.returncode}")
        peak = max(peak, usage.ru_maxrss)
    return Timing(tuple(walls), peak / 1024)
