"""Seeded random combinations of faults over three cities of 50 items: no wrong verdict, no hang, no secret anywhere.

A verdict is wrong if a city is called in sync, or anything is found missing or wrong in it, that an honest reading of
what it has would not say. 25 seeds by default, 1,000 with ``CITYSYNC_CAMPAIGN=1``.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random

import pytest

from citysync.simulator.faults.fault import Chosen, Fault
from tests.faults.campaign import HERE, WHOLE
from tests.faults.expected import EXPECTED, rejected, same
from tests.faults.gaps import GAPS
from tests.faults.oracle import SECONDS, Expected
from tests.faults.world import CITIES, COSTLY, HURRIED, Facts, World, a_world, copied, leaks, leftovers

ITEMS, MANY, FEW = 50, 1_000, 25
SLOW = COSTLY | {"T03", "T04", "T05", "F01", "F09c", "E19"}  # they cost seconds of waiting: one combination in ten
# What a fault comes to in a city of another dialect than the one the catalogue shows it in: a code of the city's own
# making has a pattern that an O breaks, and a city may write its types without a leading zero anyhow.
ELSEWHERE = {"D05": (same(),), "D21": (rejected("task_code_malformed"),)}
NEVER_ADOPTED = frozenset({"not_synced", "held", "unknown"})


@dataclass(frozen=True)
class Combination:
    """What one seed asks for: city → faults, each with its requests."""

    seed: int
    faults: dict[str, tuple[Chosen, ...]]


def combination(world: World, seed: int) -> Combination:
    """Return three cities, each with none to three faults that fit it, in random requests."""
    rng = Random(seed)
    faults: dict[str, tuple[Chosen, ...]] = {}
    for code in rng.sample(CITIES, 3):
        dialect = world.province.cities[code].plan.dialect
        fitting = [
            fault
            for fault in HERE
            if fault.fits(dialect) and fault.id not in GAPS and (fault.id not in SLOW or rng.random() < 1 / 10)
        ]
        # What a city has is spoilt once, how it answers as often as one likes.
        picked = rng.sample(fitting, min(len(fitting), rng.choice((0, 1, 1, 2, 2, 3))))
        spoilt = [fault for fault in picked if fault.answer is None][:1]
        answers = [fault for fault in picked if fault.answer is not None]
        faults[code] = tuple(_chosen(code, fault, rng) for fault in (*spoilt, *answers))
    return Combination(seed, faults)


def _chosen(code: str, fault: Fault, rng: Random) -> Chosen:
    if fault.answer is None or rng.random() < 1 / 2:
        return Chosen(code, fault, fault.first, fault.last)
    first = 1 + rng.randrange(6)
    return Chosen(code, fault, first, rng.choice((None, first, first + 2)))


class Combinations:
    """A world of which every combination starts, and what a night without faults says in it."""

    def __init__(self, base: World, folder: Path) -> None:
        self.base, self._folder = base, folder
        world = copied(base, folder / "clean")
        for code in world.province.cities:
            world.put(code)
        self.clean = world.night()
        self.states: Counter[str] = Counter()

    def problems(self, seed: int) -> list[str]:
        """Walk the night of a seed and return what is wrong with it."""
        asked = combination(self.base, seed)
        world = copied(self.base, self._folder / str(seed))
        for code, faults in asked.faults.items():
            hurried = (Chosen(code, HURRIED, 1, None),) if any(each.fault.id in SLOW for each in faults) else ()
            world.put(code, *faults, *hurried)
        night = world.night(*asked.faults)
        found = [f"密钥在 {name}" for name in leaks(world, night)] + leftovers(world)
        found += [f"中断：{night.error}"] if night.error else []
        found += [f"用了 {night.seconds:.0f} 秒"] if night.seconds > SECONDS else []
        for code, faults in asked.faults.items():
            self.states[night.cities[code]["state"]] += 1
            wrong = wrongly(night.cities[code], self.clean.cities[code], [each.fault for each in faults])
            found += [f"{code} {[(each.fault.id, each.first, each.last) for each in faults]} {text}" for text in wrong]
        shutil.rmtree(world.folder)
        return found


def wrongly(city: Facts, clean: Facts, faults: list[Fault]) -> list[str]:
    """Return why a verdict is wrong under any mixture of its faults; empty if it is not."""
    ways = [way for fault in faults for way in _ways(fault)]
    if not faults:
        return [] if city == clean else ["没有故障，结果却不同"]
    if city["state"] in NEVER_ADOPTED:
        published = [name for name in ("missing", "overclaimed", "drifted") if city["counts"][name]]
        adopted = ["采用了快照"] if city["adopted"] else []
        return (
            adopted + [f"发布了 {name}" for name in published] + (["归于本系统"] if city["state"] == "unknown" else [])
        )
    return _adopted_wrongly(city, clean, faults, ways)


def _adopted_wrongly(city: Facts, clean: Facts, faults: list[Fault], ways: list[Expected]) -> list[str]:
    """Return what is said of an adopted snapshot that no fault of the mixture accounts for."""
    accounted = frozenset(check for way in ways for check in way.checks)
    found = {row["check"] for row in city["findings"]} - {row["check"] for row in clean["findings"]}
    wrong = [f"不该有的发现 {sorted(found - accounted)}"] if found - accounted else []
    told = {row["rule"] for row in city["rejections"]}  # a row that is left out and listed, within what is tolerated
    always = [fault for fault in faults if _spoils(fault) and not any(way.rules & told for way in _ways(fault))]
    if always and city["state"] == "in_sync":
        wrong.append(f"在 {[fault.id for fault in always]} 之下判为同步")
    if city["grade"] not in {"A", "B", "C"}:
        wrong.append(f"等级 {city['grade']} 却采用了")
    return wrong


def _spoils(fault: Fault) -> bool:
    """Return whether a fault of what a city has, in whatever mixture, forbids to call the city in sync."""
    return fault.answer is None and all(not way.states & frozenset({"in_sync"}) for way in _ways(fault))


def _ways(fault: Fault) -> tuple[Expected, ...]:
    return (*EXPECTED[fault.id], *ELSEWHERE.get(fault.id, ()))


@contextmanager
def combinations(folder: Path) -> Iterator[Combinations]:
    with a_world(folder / "base", items=ITEMS) as base:
        yield Combinations(base, folder)


@pytest.mark.timeout(900)
@pytest.mark.xdist_group("combinations")
def test_no_combination_of_faults_leads_to_a_wrong_verdict_a_hang_or_a_leak(tmp_path: Path) -> None:
    with combinations(tmp_path) as world:
        found = {seed: world.problems(seed) for seed in range(FEW)}
    assert {seed: each for seed, each in found.items() if each} == {}
    assert world.states.keys() >= {"in_sync", "not_synced"}


@pytest.mark.campaign
@pytest.mark.skipif(not WHOLE, reason="a campaign: make campaign")
@pytest.mark.timeout(7200)
@pytest.mark.xdist_group("combinations")
def test_no_combination_of_a_thousand_does(tmp_path: Path) -> None:
    with combinations(tmp_path) as world:
        found = {seed: world.problems(seed) for seed in range(MANY)}
    assert {seed: each for seed, each in found.items() if each} == {}


def test_a_wrong_verdict_is_noticed() -> None:
    clean: Facts = {
        "state": "in_sync",
        "grade": "A",
        "adopted": True,
        "findings": [],
        "rejections": [],
        "counts": dict.fromkeys(("missing", "overclaimed", "drifted"), 0),
    }
    lost = {**clean, "state": "out_of_sync", "findings": [{"check": "unclaimed"}]}
    by_id = {fault.id: fault for fault in HERE}
    assert wrongly(lost, clean, [by_id["T11"]]) != []
    assert wrongly(clean, clean, [by_id["D06"]]) == []
    assert wrongly(clean, clean, [by_id["E22"]]) != []
    assert wrongly(clean, clean, [by_id["E08"]]) != []
    assert wrongly({**clean, "rejections": [{"rule": "text_garbled"}]}, clean, [by_id["E08"]]) == []
    assert wrongly({**lost, "state": "not_synced"}, clean, [by_id["T11"]]) != []
    assert wrongly({**clean, "state": "not_synced", "adopted": False}, clean, [by_id["T11"]]) == []


def main() -> None:
    """Walk seeds from one on and print what is wrong as it is found."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--from", dest="first", type=int, default=0)
    parser.add_argument("--to", dest="last", type=int, default=MANY)
    asked = parser.parse_args()
    started, wrong = time.monotonic(), 0
    with tempfile.TemporaryDirectory() as name, combinations(Path(name)) as world:
        for seed in range(asked.first, asked.last):
            if found := world.problems(seed):
                wrong += 1
                sys.stdout.write(f"{seed} {found}\n")
                sys.stdout.flush()
        sys.stdout.write(f"{asked.last - asked.first} 个组合，{wrong} 个有误，{dict(world.states)}，")
        sys.stdout.write(f"用时 {time.monotonic() - started:.0f} 秒\n")


if __name__ == "__main__":
    main()
