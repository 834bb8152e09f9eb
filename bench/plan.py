"""A country's night planned from measured parts: ``python -m bench.plan [--items N] [--provinces N] [--cities N]``.

Every province is a shard: a ledger, a data folder and workers of its own; nothing is shared. The parts are those of
``bench/measured.json``, which bench.linear and bench.changed measured; what lies outside this machine (how quickly a
city answers, how wide its line is) are assumptions, printed with the plan.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass
from pathlib import Path

MEASURED = Path(__file__).with_name("measured.json")
DAYS_KEPT = 90


@dataclass(frozen=True, slots=True)
class Cost:
    """What a night costs: CPU seconds to start, of a city and of an item; requests, bytes and memory of an item."""

    start_cpu: float
    city_cpu: float
    item_cpu: float
    item_bytes: float
    items_a_request: float
    start_mib: float
    item_mib: float
    item_kept: float
    ledger_seconds: float  # of a city: the transaction that publishes it, one at a time in a ledger


@dataclass(frozen=True, slots=True)
class World:
    """What is assumed of the country: ``largest``: a large city's share of items against the average one's."""

    items: int
    provinces: int
    cities: int
    largest: float
    latency: float  # seconds from a request to its first byte
    city_mbit: float
    province_mbit: float
    workers: int  # of a shard, each with a core


@dataclass(frozen=True, slots=True)
class Shard:
    """A province's night. ``walls``: seconds that each limit alone would take; the largest is the bottleneck."""

    cpu: float
    gigabytes: float
    requests: int
    peak_mib: float
    kept_gigabytes: float
    walls: dict[str, float]

    @property
    def bottleneck(self) -> str:
        """Return which limit is reached first."""
        return max(self.walls, key=lambda name: self.walls[name])


def shard(cost: Cost, world: World) -> Shard:
    """Return what an average province's night comes to."""
    cities = world.cities / world.provinces
    items = world.items / world.provinces
    largest = items / cities * world.largest
    cpu = cost.start_cpu + cost.city_cpu * cities + cost.item_cpu * items
    bytes_, requests = cost.item_bytes * items, items / cost.items_a_request + 2 * cities
    alone = largest / cost.items_a_request * world.latency + cost.item_bytes * largest * 8 / world.city_mbit / 1e6
    return Shard(
        cpu=cpu,
        gigabytes=bytes_ / 1e9,
        requests=round(requests),
        peak_mib=cost.start_mib + cost.item_mib * largest,
        kept_gigabytes=cost.item_kept * items * DAYS_KEPT / 1e9,
        walls={
            "CPU of the workers": cpu / world.workers,
            "the largest city alone: its answers and its line": alone + cost.item_cpu * largest + cost.city_cpu,
            "all cities one after the other per worker": requests * world.latency / world.workers,
            "the province's line": bytes_ * 8 / world.province_mbit / 1e6,
            "the ledger's one writer": cost.ledger_seconds * cities,
        },
    )


def text(name: str, cost: Cost, world: World) -> str:
    """Return a shard's plan as Markdown."""
    found = shard(cost, world)
    terabytes = found.kept_gigabytes * world.provinces / 1000
    lines = [f"| {name} | one province | country |", "| --- | --- | --- |"]
    lines += [
        f"| CPU | {found.cpu:,.0f} s | {found.cpu * world.provinces / 3600:,.1f} core hours |",
        f"| pulled | {found.gigabytes:,.2f} GB | {found.gigabytes * world.provinces:,.0f} GB |",
        f"| requests | {found.requests:,} | {found.requests * world.provinces:,} |",
        f"| kept for {DAYS_KEPT} nights | {found.kept_gigabytes:,.0f} GB | {terabytes:,.1f} TB |",
        f"| memory of the largest city's child | {found.peak_mib:,.0f} MiB | the same, in every shard |",
    ]
    lines += [f"| wall by {limit} | {seconds:,.0f} s | the same |" for limit, seconds in found.walls.items()]
    return "\n".join([*lines, f"| reached first | **{found.bottleneck}** | |", ""])


def main(words: list[str] | None = None) -> None:
    """Print the plan of a whole night and of one in which 0.1 % changed."""
    parser = argparse.ArgumentParser(prog="bench.plan", description=__doc__)
    parser.add_argument("--items", type=int, default=60_000_000)
    parser.add_argument("--provinces", type=int, default=31)
    parser.add_argument("--cities", type=int, default=333)
    parser.add_argument("--largest", type=float, default=4.0)
    parser.add_argument("--latency", type=float, default=0.2)
    parser.add_argument("--city-mbit", type=float, default=20.0)
    parser.add_argument("--province-mbit", type=float, default=100.0)
    parser.add_argument("--workers", type=int, default=4)
    given = parser.parse_args(words)
    world = World(**vars(given))
    costs = json.loads(MEASURED.read_text(encoding="utf-8"))
    for name, parts in costs.items():
        print(text(name, Cost(**parts), world))


if __name__ == "__main__":
    main()
