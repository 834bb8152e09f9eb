"""The byte-cut property, for sources of every kind: half a directory must never read like a city that lacks half.

``points`` says where to cut, ``walked`` walks a source along the whole line, ``assert_harmless`` compares what came of
the cut with what comes of the whole.
"""

from __future__ import annotations

import os
import random
from collections.abc import Sequence
from dataclasses import dataclass

import pytest

from citysync.domain.catalogue import MasterCatalogue
from citysync.domain.city import City
from citysync.domain.errors import SourceError
from citysync.domain.memory import FIRST_TIME
from citysync.domain.run import Run, Trigger
from citysync.domain.snapshot import Snapshot
from citysync.domain.workdays import calendar
from connectors import pull
from flows.line import Means, sync_city
from tests.builders import NOW, TODAY, a_master, a_master_item
from tests.connectors.doors import Memory

WHOLE = (
    pytest.mark.campaign,
    pytest.mark.timeout(7_200),
    pytest.mark.skipif(os.environ.get("CITYSYNC_CAMPAIGN") != "1", reason="all of it only under make campaign"),
)
SMALL, SEEDED = 4096, 200
RUN = Run("20261123-000000-cut", Trigger.NIGHTLY, TODAY, NOW, "2026-11-20-1")


@dataclass(frozen=True)
class Walked:
    """What came of one walk. ``rows``: as text, without evidence numbers; ``unclaimed``: (areacode, catalog_code)."""

    state: str
    reasons: tuple[str, ...]
    grade: str | None
    rows: tuple[tuple[object, ...], ...] | None
    unclaimed: frozenset[tuple[str, str]]


def points(data: bytes, marks: Sequence[bytes] = (b"\n", b"},", b"],"), most: int | None = None) -> list[int]:
    """Return where to cut: every byte up to 4 KiB, else before and after every mark and at 200 seeded places.

    ``most``: take a fixed sample of so many.
    """
    found = list(range(len(data))) if len(data) <= SMALL else _places(data, marks)
    if most is None or len(found) <= most:
        return found
    return sorted(random.Random(len(data)).sample(found, most))


def walked(city: City, master: MasterCatalogue, known: Walked | None = None) -> Walked:
    """Walk a city along the whole line, with a door that keeps everything in memory and never really waits.

    ``known``: what came of the whole. A pull that failed has no findings, and one that brought the very same rows
    under the same grade has the same: only what differs needs the rest of the line, which costs fifty times a pull.
    """
    if known is not None:
        try:
            snapshot = pull(city, Memory().door())
        except SourceError as error:
            return Walked("not_synced", (error.reason,), None, None, frozenset())
        if (snapshot.certificate.grade.value, _rows(snapshot)) == (known.grade, known.rows):
            return known
    run = sync_city(city, RUN, master, FIRST_TIME, Means(Memory().door(), calendar(), lambda _: None))
    found = run.findings.filter(run.findings["check"] == "unclaimed").select("areacode", "catalog_code").rows()
    rows = None if run.snapshot is None else _rows(run.snapshot)
    return Walked(
        run.verdict.state.value,
        tuple(reason.code for reason in run.verdict.reasons),
        run.verdict.grade,
        rows,
        frozenset(found),
    )


def a_master_of(count: int) -> MasterCatalogue:
    """Return a master catalogue that obliges a city to the first so many items of ``doors.directory``, by name."""
    numbers = range(1, count + 1)
    return a_master(*(a_master_item(catalog_code=f"{440106000000 + n}", task_name=f"事项{n}") for n in numbers))


def assert_harmless(whole: Walked, cut: Walked, *, proved: bool, where: str) -> None:
    """Fail where a cut accuses. ``proved``: the source has a total, a manifest or an end marker."""
    assert cut.unclaimed <= whole.unclaimed, f"{where}: 误报漏领 {sorted(cut.unclaimed - whole.unclaimed)}"
    used = cut.grade is not None and cut.grade != "X"
    if proved and used:
        assert cut.rows == whole.rows, f"{where}: 截断后的数据被当作 {cut.grade} 级采用"


def _rows(snapshot: Snapshot) -> tuple[tuple[object, ...], ...]:
    return tuple(sorted(snapshot.rows.drop("row_no", "page_no").rows(), key=str))


def _places(data: bytes, marks: Sequence[bytes]) -> list[int]:
    places = set(random.Random(len(data)).sample(range(len(data)), SEEDED))
    for mark in marks:
        at = data.find(mark)
        while at != -1:
            places |= {at, at + len(mark)}
            at = data.find(mark, at + 1)
    return sorted(place for place in places if place < len(data))
