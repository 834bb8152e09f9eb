"""The pages over ninety nights of 21 cities of 10,000 items, one city with 50,000 differences: how long each takes."""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from fastapi.testclient import TestClient

from bench.stored import CITIES, FOUND, NOW, WORST, WORST_FOUND, build, counties_of
from citysync.web.app import create_app

LIMIT_MS = 300
TIMES = 40
MANY = f"{WORST_FOUND:,}"
SPANS = ("week", "month", "older")
OTHERS, COUNTIES = tuple(code for code in CITIES if code != WORST), counties_of(WORST)
LIST = f"/c/{WORST}/differences"
ITEM = f"/c/{WORST}/items/11{WORST[:4]}0200" + "7542098E444010000{:01}001"
# What is asked, by the number of the time it is asked.
ADDRESSES: dict[str, Callable[[int], str]] = {
    "overview": lambda _: "/",
    f"city, {FOUND} differences": lambda number: f"/c/{OTHERS[number % 20]}",
    f"city, {MANY}": lambda _: f"/c/{WORST}",
    f"differences, {FOUND}": lambda number: f"/c/{OTHERS[number % 20]}/differences",
    f"differences, {MANY}, any page": lambda number: f"{LIST}?page={number * 12 + 1}",
    f"differences, {MANY}, two filters": lambda number: f"{LIST}?county={COUNTIES[number % 5]}&check=unclaimed",
    f"differences, {MANY}, search": lambda number: f"{LIST}?q=第{number}局",
    f"differences, {MANY}, first seen": lambda number: f"{LIST}?first={SPANS[number % 3]}",
    f"differences, {MANY}, oldest first": lambda number: f"{LIST}?sort=first&page={number + 1}",
    "figures": lambda _: "/figures",
    "figures, by county": lambda _: "/figures?by=county",
    "figures, by department": lambda _: "/figures?by=department",
    "one item": lambda number: ITEM.format(number % 10),
}


@dataclass(frozen=True)
class Took:
    """Milliseconds of each answer: by the clock, and of this process's CPU; ``size``: KiB of the last."""

    walls: tuple[float, ...]
    cpus: tuple[float, ...]
    size: float


def measure(folder: Path | None = None, times: int = TIMES) -> str:
    """Return the rows of the table, one per kind of address."""
    with tempfile.TemporaryDirectory() as name:
        settings = build(folder or Path(name))
        with TestClient(create_app(settings, lambda: NOW), base_url="http://127.0.0.1") as client:
            client.get("/public")  # answered once what the public may see was read, which is done beside the requests
            return "\n".join(_row(what, _asked(client, path, times)) for what, path in ADDRESSES.items())


def _asked(client: TestClient, path: Callable[[int], str], times: int) -> Took:
    walls, cpus, size = [], [], 0
    client.get(path(0))  # the first answer of a process compiles templates
    for number in range(times):
        wall, cpu = time.perf_counter(), time.process_time()
        answer = client.get(path(number))
        walls.append((time.perf_counter() - wall) * 1000)
        cpus.append((time.process_time() - cpu) * 1000)
        if answer.status_code != 200:  # noqa: PLR2004 - the one that counts
            raise SystemExit(f"{path(number)}: {answer.status_code}")
        size = len(answer.content)
    return Took(tuple(walls), tuple(cpus), size / 1024)


def p95(values: tuple[float, ...]) -> float:
    """Return the value that 95 of 100 do not exceed."""
    return sorted(values)[max(0, -(-len(values) * 95 // 100) - 1)]


def _row(what: str, took: Took) -> str:
    verdict = "within" if p95(took.walls) <= LIMIT_MS else "OVER"
    middle = sorted(took.walls)[len(took.walls) // 2]
    return (
        f"| page: {what} | – | p95 {p95(took.walls):.0f} ms (median {middle:.0f}; CPU p95 {p95(took.cpus):.0f}) "
        f"| {verdict} {LIMIT_MS} ms | answer {took.size:.0f} KiB |"
    )


if __name__ == "__main__":
    kept = os.environ.get("CITYSYNC_BENCH_DIR")
    sys.stdout.write(f"{measure(Path(kept) if kept else None)}\n")
