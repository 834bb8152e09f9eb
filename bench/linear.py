"""Whole nights at n and 4n items and at c and 4c cities: ``python -m bench.linear [--save FILE]``.

What a night costs must grow no faster than what is asked of it: four times the items, or four times the cities with as
many items each, at most 4.4 times the CPU. From the same runs the cost model is fitted: start-up, a city, an item.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

from bench import portal
from bench.fit import Fit, fit
from bench.our_night import first_night
from citysync.simulator.plan import CITY_CODES

LIMIT = 4.4
LEAST = (1, 200)  # a city of fewer is refused for its one wrong row
HEAD = (
    "| cities | items a city | items | wall s | CPU s | peak of one process, MiB | bytes pulled | pages |\n"
    "| --- | --- | --- | --- | --- | --- | --- | --- |"
)


@dataclass(frozen=True, slots=True)
class Point:
    """One measured night. ``sent``: packed bytes of every page; ``kept``: bytes of the data folder afterwards."""

    cities: int
    items: int
    wall: float
    cpu: float
    peak_mib: float
    sent: int
    pages: int
    kept: int

    def row(self) -> str:
        """Return it as a row of the table."""
        each = self.items // self.cities
        sizes = f"| {self.cities} | {each:,} | {self.items:,} | {self.wall:.1f} | {self.cpu:.2f} "
        return f"{sizes}| {self.peak_mib:.0f} | {self.sent:,} | {self.pages} |"


def measured(cities: int, each: int) -> Point:
    """Run a first night of so many cities of so many items; a wrong count ends the benchmark."""
    codes = CITY_CODES[:cities]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "data").mkdir()
        truth = portal.write(folder, cities * each, codes)
        pages = [path.stat().st_size for path in folder.glob("portal/*/*.json.gz")]
        with portal.served(folder):
            run = first_night(folder)
        if run.told != {"answer": truth}:
            raise SystemExit(f"{cities} cities, {each} items: {run.told}, truth {truth}")
        kept = sum(path.stat().st_size for path in (folder / "data").rglob("*") if path.is_file())
    return Point(cities, cities * each, run.wall, run.cpu, run.peak_mib, sum(pages), len(pages), kept)


def modelled(points: list[Point]) -> Fit:
    """Return the CPU of start-up, of a city and of an item."""
    return fit([(1.0, each.cities, each.items) for each in points], [each.cpu for each in points])


def main(words: list[str] | None = None) -> None:
    """Print the table, the ratios and the model; leaves with 1 where a ratio is above the limit."""
    parser = argparse.ArgumentParser(prog="bench.linear", description=__doc__)
    parser.add_argument("--items", type=int, default=10_000, help="of a city, the larger of the two sizes")
    parser.add_argument("--cities", type=int, default=20, help="the larger of the two numbers")
    parser.add_argument("--save", type=Path)
    given = parser.parse_args(words)
    few, small = given.cities // 4, given.items // 4
    points: dict[tuple[int, int], Point] = {}
    print(HEAD, flush=True)
    for size in (LEAST, (few, small), (few, given.items), (given.cities, small), (given.cities, given.items)):
        points[size] = measured(*size)
        print(points[size].row(), flush=True)
    most, start = points[given.cities, given.items].cpu, points[LEAST].cpu
    ratios = {"items": points[given.cities, small].cpu, "cities": points[few, given.items].cpu}
    for name, less in ratios.items():
        beyond = (most - start) / (less - start)
        print(f"\n4x the {name}: {most / less:.2f}x the CPU, {beyond:.2f}x beyond start-up (limit {LIMIT})")
    model = modelled(list(points.values()))
    head, city, item = model.coefficients
    print(f"\nCPU s = {head:.2f} + {city:.3f} x cities + {item * 1e6:.1f}e-6 x items, at most {model.residual:.0%} off")
    if given.save:
        document = {"points": [asdict(each) for each in points.values()], "model": asdict(model)}
        given.save.write_text(json.dumps(document, indent=1), encoding="utf-8")
    if any(most / less > LIMIT for less in ratios.values()):
        raise SystemExit("a night grows faster than what is asked of it")


if __name__ == "__main__":
    main()
