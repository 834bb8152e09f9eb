"""What evidence may go once it is old, and what never does: pure decisions, made before anything is removed.

Evidence of one city in one run is its raw pages with the tape of the walk, and its snapshot. Never removed, however
old: the snapshot in force with the pages and tape it rests on, what the city's last run saw (a held snapshot waits
for a person), what an open approval was given for, the snapshots the guard measures by, and the snapshot before any
night that is kept, since a replay of that night needs it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import groupby
from typing import NamedTuple

GUARD_RUNS = 7  # the good runs the guard measures by: their snapshots stay, whatever a clock says of their age
ORPHAN_AGE = timedelta(days=1)
FEW_FILES = 20  # so few orphans are cleared away without asking what share of all files they are


class Kind(StrEnum):
    """What is removed: evidence the ledger names, files it does not name, and halves that killed processes left."""

    PAGES = "pages"
    SNAPSHOTS = "snapshots"
    ORPHANS = "orphans"
    UNFINISHED = "unfinished"


KIND_LABELS = {
    Kind.PAGES: "原始页与录带",
    Kind.SNAPSHOTS: "快照",
    Kind.ORPHANS: "台账未提到的文件",
    Kind.UNFINISHED: "写了一半的文件",
}


class Part(NamedTuple):
    """One kind of one city's evidence in one run."""

    seq: int
    city_code: str
    kind: Kind


@dataclass(frozen=True, slots=True)
class Evidence:
    """What one run left of a city. ``at``: the latest moment its record carries; ``has``: the kinds not purged yet.

    ``adopted``: by a pull, not by a replay; ``whole``: pulled as a whole, not a re-check or a night of changes only
    that rests on the snapshot before it.
    """

    seq: int
    city_code: str
    at: datetime
    adopted: bool
    whole: bool
    has: frozenset[Kind]


class File(NamedTuple):
    """A file's size in bytes and the moment it was written, in seconds since 1970."""

    size: int
    written: float


def may_go(evidence: Iterable[Evidence], cutoff: datetime, needed: Collection[tuple[int, str]] = ()) -> list[Part]:
    """Return what is older than the cutoff and needed by nothing. ``needed``: (seq, city) that a person waits for."""
    ordered = sorted(evidence, key=lambda each: (each.city_code, each.seq))
    gone: list[Part] = []
    for _, runs in groupby(ordered, key=lambda each: each.city_code):
        gone += _of_city(list(runs), cutoff, needed)
    return gone


def _of_city(runs: list[Evidence], cutoff: datetime, needed: Collection[tuple[int, str]]) -> Iterator[Part]:
    adopted = [each.seq for each in runs if each.adopted]
    young = {each.seq for each in runs if each.at >= cutoff or (each.seq, each.city_code) in needed}
    whole = young | {runs[-1].seq} | set(_in_force(runs))
    snapshots = whole | set(adopted[-GUARD_RUNS:]) | _remembered(adopted, whole)
    for each in runs:
        kept = {Kind.PAGES: each.seq in whole, Kind.SNAPSHOTS: each.seq in snapshots}
        yield from (Part(each.seq, each.city_code, kind) for kind in sorted(each.has) if not kept[kind])


def _in_force(runs: list[Evidence]) -> Iterator[int]:
    """Yield the adopted run in force and, where it is no whole pull, those it rests on, down to a whole pull."""
    for each in reversed(runs):
        if each.adopted:
            yield each.seq
            if each.whole:
                return


def _remembered(adopted: list[int], kept: Collection[int]) -> set[int]:
    """Return the adopted runs that a replay of the kept ones remembers: the last before each."""
    return {max((seq for seq in adopted if seq < each), default=each) for each in kept}


@dataclass(frozen=True)
class Sorted:
    """Files by what becomes of them: ``going`` by kind, and how many bytes in how many files stay."""

    going: Mapping[Kind, Mapping[str, File]]
    kept_files: int
    kept_bytes: int
    spared: int = 0

    @property
    def count(self) -> int:
        """Return how many files go."""
        return sum(len(files) for files in self.going.values())


def sort_files(
    files: Mapping[str, File],
    kept: Collection[str],
    past: Collection[str],
    unfinished: Mapping[str, File],
    now: datetime,
    *,
    every_orphan: bool = False,
) -> Sorted:
    """Sort evidence files: ``kept`` are named by evidence that stays, ``past`` only by what goes or went.

    A file nothing names is an orphan a day later. More orphans than other files are spared (``spared`` counts them)
    unless ``every_orphan``: such a folder may well belong to another ledger.
    """
    before = (now - ORPHAN_AGE).timestamp()
    going: dict[Kind, dict[str, File]] = {kind: {} for kind in Kind} | {Kind.UNFINISHED: dict(unfinished)}
    for name, file in files.items():
        if name in past:
            going[Kind(name.partition("/")[0])][name] = file
        elif name not in kept and file.written < before:
            going[Kind.ORPHANS][name] = file
    orphans = len(going[Kind.ORPHANS])
    spared = orphans if orphans > FEW_FILES and 2 * orphans > len(files) and not every_orphan else 0
    if spared:
        going[Kind.ORPHANS] = {}
    staying = [file.size for name, file in files.items() if not any(name in each for each in going.values())]
    return Sorted(going, len(staying), sum(staying), spared)
