"""The whole catalogue through the line, several cities a night, and what the oracle says of each fault."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from citysync.simulator.faults.catalogue import FAULTS
from citysync.simulator.faults.fault import Fault
from tests.faults.expected import EXPECTED
from tests.faults.oracle import Case, problems
from tests.faults.world import BYSTANDERS, Facts, Night, Witness, World, a_world, batches, copied, leaks, leftovers

WHOLE = os.environ.get("CITYSYNC_CAMPAIGN") == "1"
EVERY = 1 if WHOLE else 12  # of which batch the next night is walked too
# Of the ways in which a next link can leave the city's origin, each of which costs a night, three stand for all.
FORMS = frozenset(fault for fault in FAULTS if fault.startswith("P07") and fault > "P07c")
HERE = tuple(fault for fault in FAULTS.values() if not fault.postgresql and fault.id != "Q11")

TONIGHT = tuple(fault for fault in HERE if WHOLE or fault.id not in FORMS)


@dataclass(frozen=True)
class Reference:
    """A world that never had a fault: its night, the one after, and the last good snapshots before them."""

    night: Night
    next_night: Night
    before: dict[str, tuple[str, str, str] | None]


def whole_catalogue(folder: Path, faults: tuple[Fault, ...] = TONIGHT) -> dict[str, list[str]]:
    """Return fault id → what is wrong with what became of it."""
    found: dict[str, list[str]] = {}
    with a_world(folder / "base") as base:
        witness = Witness(base.server.port)
        clean = reference(base, folder / "clean")
        for number, batch in enumerate(batches(base, faults)):
            world = copied(base, folder / f"batch-{number}")
            for code, case in cases(world, batch, clean, witness, follow=number % EVERY == 0):
                found[batch[code].id] = problems(case)
            shutil.rmtree(world.folder)
        witness.shutdown()
        witness.server_close()
    return found


def reference(base: World, folder: Path) -> Reference:
    """Walk two nights that nothing happens in."""
    world = copied(base, folder)
    for code in world.province.cities:
        world.put(code)
    before = world.last_good()
    return Reference(world.night(), world.night(), before)


def cases(
    world: World, batch: dict[str, Fault], clean: Reference, witness: Witness, *, follow: bool
) -> Iterator[tuple[str, Case]]:
    """Walk one night of faults, and the clean one after it; yield (city, case)."""
    codes = (*batch, *BYSTANDERS)
    for code in codes:
        world.misput(code, batch[code]) if code in batch else world.put(code)
    visits = witness.visits
    night = world.night(*codes)
    found, left = leaks(world, night), leftovers(world)
    after: Night | None = None
    if follow:
        for code in batch:
            world.put(code)
        after = world.night(*codes)
    due = max((max(way.exit_code for way in EXPECTED[fault.id]) for fault in batch.values()), default=0)
    for code, fault in batch.items():
        yield (
            code,
            Case(
                expected=EXPECTED[fault.id],
                city=night.cities[code],
                clean=clean.night.cities[code],
                others={each: night.cities.get(each, {}) for each in BYSTANDERS},
                others_clean={each: clean.night.cities[each] for each in BYSTANDERS},
                before=clean.before[code],
                after=night.last_good[code],
                day=night.day,
                exit_code=night.exit_code,
                exit_due=due if _single(batch) else None,
                next_night=_next(after, code, night),
                next_clean=clean.next_night.cities[code],
                leaks=found,
                leftovers=left,
                seconds=night.seconds,
                requests=night.requests.get(code, 0),
                elsewhere=witness.visits - visits,
                error=night.error,
            ),
        )


def _single(batch: dict[str, Fault]) -> bool:
    """Return whether one exit code is due: it is, but for faults that may end either way, alone in their night."""
    return any(all(way.exit_code == 1 for way in EXPECTED[fault.id]) for fault in batch.values())


def _next(after: Night | None, code: str, night: Night) -> Facts | None:
    """Return what the night after says of a city.

    Where other rows were in force in between, that the old ones are back is its due remark, which a world without the
    fault has no reason for.
    """
    if after is None or not night.cities[code]["adopted"]:
        return None if after is None else after.cities[code]
    city = after.cities[code]
    reasons = [reason for reason in city["reasons"] if reason["code"] != "served_again"]
    remarked = len(reasons) < len(city["reasons"])
    return {**city, "reasons": reasons, "axes": {**city["axes"], **({"fresh": "ok"} if remarked else {})}}
