"""Whole nights of cities with kits in which little or nothing changed: ``python -m bench.changed [ITEMS A CITY…]``.

Each size runs a first night, one in which nothing changed, and two in which one row in a thousand did (told by the
list of changes, and found by the digest tree). Start-up is the CPU of a night of one city of 200 items.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from bench.our_night import FIRST_DAY, import_master, sync
from bench.process import Run

CITIES = 21
LEAST = 200
SIZES = (1_000, 10_000)  # items a city
NIGHTS = (
    ("whole", "same"),
    ("nothing changed", "changed"),
    ("0.1 % scattered, list of changes", "forgotten"),
    ("0.1 % scattered, digest tree", "same"),
)
HEAD = (
    "| items | night | bytes | of the whole | requests a city | wall s | CPU s | beyond start-up | of the whole |\n"
    "| --- | --- | --- | --- | --- | --- | --- | --- | --- |\n"
)


@dataclass(frozen=True, slots=True)
class Night:
    """One night: what it cost, and what crossed the wire."""

    name: str
    run: Run
    sent: int
    requests: int


@contextmanager
def kits(folder: Path, cities: int, items: int) -> Iterator[subprocess.Popen[str]]:
    """Serve so many kits in a process of its own."""
    command = [sys.executable, "-m", "bench.kit_cities", str(cities), str(items), str(folder)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None  # noqa: S101 - asked for above
        server.stdout.readline()
        yield server
        server.terminate()


def nights(cities: int, items: int) -> Iterator[Night]:
    """Yield the nights of one size, whose counts must all be the first one's: nothing that changed is an error."""
    with tempfile.TemporaryDirectory() as name, kits(Path(name), cities, items) as server:
        folder, first = Path(name), None
        (folder / "data").mkdir()
        import_master(folder)
        for day, (told, after) in enumerate(NIGHTS):
            run = sync(folder, FIRST_DAY + timedelta(days=day))
            first = first or run.told
            if run.told != first:
                raise SystemExit(f"{told}: {run.told}, first night {first}")
            assert server.stdin is not None and server.stdout is not None  # noqa: S101, PT018 - asked for above
            server.stdin.write(f"{after}\n")
            server.stdin.flush()
            wire = json.loads(server.stdout.readline())
            yield Night(told, run, wire["bytes"], wire["requests"])


def start_up() -> Run:
    """Return what a night costs before there is anything to do."""
    return next(nights(1, LEAST)).run


def measure(items: int, start: Run, cities: int) -> Iterator[str]:
    """Yield the rows of the table of one size."""
    whole: Night | None = None
    for night in nights(cities, items):
        whole = whole or night
        beyond, most = night.run.cpu - start.cpu, whole.run.cpu - start.cpu
        yield (
            f"| {cities * items:,} | {night.name} | {night.sent:,} | {night.sent / whole.sent:.2%} | {night.requests} "
            f"| {night.run.wall:.1f} | {night.run.cpu:.2f} | {beyond:.2f} | {beyond / most:.1%} |"
        )


def main(words: list[str]) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="bench.changed", description=__doc__)
    parser.add_argument("items", nargs="*", type=int, help="of a city")
    parser.add_argument("--cities", type=int, default=CITIES)
    given = parser.parse_args(words)
    start = start_up()
    print(f"Start-up: {start.cpu:.2f} s of CPU, {start.wall:.1f} s.\n\n{HEAD}", end="", flush=True)
    for items in given.items or SIZES:
        for row in measure(items, start, given.cities):
            print(row, flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
