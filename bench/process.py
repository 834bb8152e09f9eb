"""Whole processes measured from outside: wall and CPU seconds, children included, and the largest process's memory."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from bench.cases.answer import LEFT_OUT

ROOT = Path(__file__).parent.parent
# A process inherits the peak of the one that made it: a small one in between keeps our own tables out of the figures.
_BETWEEN = """
import json, os, sys, time
started = time.perf_counter()
child = os.posix_spawnp(sys.argv[2], sys.argv[2:], os.environ)
_, status, used = os.wait4(child, 0)
wall, cpu = time.perf_counter() - started, used.ru_utime + used.ru_stime
told = {"wall": wall, "cpu": cpu, "peak_mib": used.ru_maxrss / 1024}
with open(sys.argv[1], "w") as file:
    json.dump(told, file)
sys.exit(os.waitstatus_to_exitcode(status))
"""


@dataclass(frozen=True, slots=True)
class Run:
    """One run of one process. ``told``: what it printed, as JSON where it was; ``lacks``: why it was left out."""

    wall: float
    cpu: float
    peak_mib: float
    told: Mapping[str, Any] | None
    lacks: str | None = None


@dataclass(frozen=True, slots=True)
class Timing:
    """Several runs, by their medians; ``phase_cpu``: CPU seconds since the contender's ``began()``, None if untold."""

    wall: float
    cpu: float
    peak_mib: float
    phase_cpu: float | None
    answer: object


def once(command: Sequence[str | Path], env: Mapping[str, str] | None = None, good: Sequence[int] = (0,)) -> Run:
    """Run a command; raise SystemExit with its words where its exit code is neither good nor LEFT_OUT."""
    with tempfile.NamedTemporaryFile("r") as used:
        done = subprocess.run(
            [sys.executable, "-S", "-c", _BETWEEN, used.name, *command],
            cwd=ROOT,
            env=_as_installed({**os.environ, **(env or {})}),
            capture_output=True,
            text=True,
            check=False,
        )
        figures = json.load(used)
    if done.returncode == LEFT_OUT:
        return Run(0.0, 0.0, 0.0, None, done.stderr.strip().splitlines()[-1])
    if done.returncode not in good:
        raise SystemExit(f"{' '.join(map(str, command))} left with {done.returncode}: {done.stderr[-2000:]}")
    return Run(told=json.loads(done.stdout) if done.stdout.startswith("{") else None, **figures)


def _as_installed(env: dict[str, str]) -> dict[str, str]:
    """Return an environment in which bytecode is kept, as where a program is installed; the first run writes it."""
    return {name: value for name, value in env.items() if name != "PYTHONDONTWRITEBYTECODE"}


def middle(runs: Sequence[Run]) -> Timing:
    """Return the medians of several runs, which must agree on their answer."""
    told = [run.told or {} for run in runs]
    answers = [each.get("answer") for each in told]
    if any(answer != answers[0] for answer in answers):
        raise SystemExit(f"one contender gave different answers to the same question: {answers}")
    phases = [each["phase_cpu"] for each in told if "phase_cpu" in each]
    walls, cpus, peaks = ([getattr(run, name) for run in runs] for name in ("wall", "cpu", "peak_mib"))
    return Timing(median(walls), median(cpus), max(peaks), median(phases) if phases else None, answers[0])


def repeated(times: int, run: Callable[[], Run]) -> Timing | str:
    """Return the medians of several runs, or why the contender was left out."""
    runs: list[Run] = []
    for _ in range(times):
        runs.append(run())
        if (lacks := runs[-1].lacks) is not None:
            return lacks
    return middle(runs)


def contender(task: str, name: str, folder: Path, times: int, python: str = sys.executable) -> Timing | str:
    """Run a contender of ``bench.cases`` several times in processes of its own."""
    return repeated(times, lambda: once([python, "-m", f"bench.cases.{task}", name, folder]))
