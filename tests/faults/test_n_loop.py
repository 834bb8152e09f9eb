"""The Nth request, statement, file operation or step fails, or the process is killed there: the next night is clean.

By default a fixed sample; whole with ``CITYSYNC_CAMPAIGN=1``, and ``python -m tests.faults.test_n_loop --from N`` goes
on at point N of the list it prints.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, get_args
from unittest import mock

import pytest

from citysync.simulator.faults import clock as simulated
from tests.faults.breaking import SEAMS, Deed, Seam
from tests.faults.campaign import WHOLE
from tests.faults.oracle import differing
from tests.faults.world import FIRST, World, a_world, as_text, copied, leaks, leftovers
from tests.faults.zygote import Zygote, zygote

CITY = "440700"
DEEDS: tuple[Deed, ...] = get_args(Deed)
Point = tuple[Seam, int, Deed]
SAMPLE = (  # seam, share of its points, deed
    ("http", 0.0, "fail"),
    ("http", 0.5, "kill"),
    ("sql", 0.1, "fail"),
    ("sql", 0.3, "kill"),
    ("sql", 0.55, "fail"),
    ("sql", 0.75, "kill"),
    ("sql", 0.95, "kill"),
    ("file", 0.1, "kill"),
    ("file", 0.4, "fail"),
    ("file", 0.8, "kill"),
    ("step", 0.3, "kill"),
    ("step", 0.9, "fail"),
)


class Loop:
    """A world of one city with a past, the night that never had a fault, and how many points a night has."""

    def __init__(self, base: World, folder: Path, forks: Zygote) -> None:
        self._base, self._folder, self._forks = base, folder, forks
        clean = copied(base, folder / "clean")
        clean.put(CITY)
        self.counts: dict[str, int] = self._fork(clean, "step", 0, "fail")["counts"]
        clean.at += 1
        self.clean = clean.night(CITY)

    def points(self) -> list[Point]:
        """Return every point, in order."""
        return [(seam, number, deed) for seam in SEAMS for number in range(1, self.counts[seam] + 2) for deed in DEEDS]

    def sample(self) -> list[Point]:
        """Return the fixed sample."""
        return [(seam, 1 + int(share * (self.counts[seam] - 1)), deed) for seam, share, deed in SAMPLE]  # type: ignore[misc]

    def problems(self, point: Point) -> list[str]:
        """Break one night at a point and return what is wrong with the one after it."""
        seam, number, deed = point
        world = copied(self._base, self._folder / f"{seam}-{number}-{deed}")
        world.put(CITY)
        told = self._fork(world, seam, number, deed)
        world.put(CITY)
        world.at += 1
        after = world.night(CITY)
        found = [f"残留 {name}" for name in leftovers(world)] + [f"密钥在 {name}" for name in leaks(world, after)]
        if as_text(after.cities) != as_text(self.clean.cities):
            found.append(f"次日不同：{differing(after.cities.get(CITY), self.clean.cities[CITY])}")
        if number <= self.counts[seam] and deed == "kill" and not told["killed"]:
            found.append("没有被终止：这一点没有走到")
        shutil.rmtree(world.folder)
        return found + ([f"次日中断：{after.error}"] if after.error else [])

    def _fork(self, world: World, seam: Seam, number: int, deed: Deed) -> dict[str, Any]:
        moment = FIRST + timedelta(days=world.at)
        with mock.patch.object(simulated, "now", return_value=moment):
            return self._forks.night(folder=world.folder, city=CITY, moment=moment, seam=seam, number=number, deed=deed)


@contextmanager
def a_loop(folder: Path) -> Iterator[Loop]:
    with a_world(folder / "base", cities=(CITY,)) as base, zygote() as forks:
        yield Loop(base, folder, forks)


@pytest.mark.timeout(600)
@pytest.mark.xdist_group("n-loop")
def test_a_night_that_breaks_anywhere_leaves_the_next_one_as_if_nothing_had_been(tmp_path: Path) -> None:
    with a_loop(tmp_path) as loop:
        assert all(loop.counts.values()), f"a seam without points: {loop.counts}"
        found = {point: loop.problems(point) for point in loop.sample()}
    assert {point: each for point, each in found.items() if each} == {}


@pytest.mark.campaign
@pytest.mark.skipif(not WHOLE, reason="a campaign: make campaign")
@pytest.mark.timeout(7200)
@pytest.mark.xdist_group("n-loop")
def test_every_point_of_a_night_may_break(tmp_path: Path) -> None:
    with a_loop(tmp_path) as loop:
        found = {point: loop.problems(point) for point in loop.points()}
    assert {point: each for point, each in found.items() if each} == {}


def main() -> None:
    """Walk every point from one on and print what is wrong as it is found."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--from", dest="first", type=int, default=1)
    asked = parser.parse_args()
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as name, a_loop(Path(name)) as loop:
        points = loop.points()
        sys.stdout.write(f"{loop.counts}，共 {len(points)} 点\n")
        for place, point in enumerate(points, start=1):
            if place >= asked.first:
                found = loop.problems(point)
                sys.stdout.write(f"{place} {point} {found or '好'}\n")
                sys.stdout.flush()
        sys.stdout.write(f"用时 {time.monotonic() - started:.0f} 秒\n")


if __name__ == "__main__":
    main()
