"""A snapshot kept as what differs from an earlier whole one: its own rows, and where each of all rows stands.

Named by its content and by the snapshot it rests on, so that whoever clears away knows what must stay. No reader of
whole snapshots takes it for one: it begins with a line of its own.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from citysync.domain.assembly import PLACED, Assembly, assembly_of, stretches_of
from citysync.domain.kept_rows import InHand, OfKept, in_key_order
from citysync.domain.row_hashes import row_hashes
from citysync.domain.snapshot import Snapshot
from citysync.storage.pages import AT, UNFINISHED, as_parquet, checked, facts_in, holds, index_in, write_whole
from citysync.storage.translate import on_disk

if TYPE_CHECKING:
    from citysync.storage.kept import SnapshotFile

SUFFIX = ".changes"
WHOLE_EVERY = timedelta(days=14)
_NAME = re.compile(r"([0-9a-f]{64})-([0-9a-f]{64})" + re.escape(SUFFIX))
_BEGINS = b"citysync changes 1\n"
_MADE = "citysync.assembly"  # the Parquet metadata key; its value is JSON


def rests_on(name: str) -> str | None:
    """Return the name of the whole snapshot that a file of changes rests on, None for any other file's name."""
    folder, _, last = name.rpartition("/")
    told = _NAME.fullmatch(last)
    return None if told is None else f"{folder}/{told[2]}.parquet".removeprefix("/")


def write_changes(folder: Path, snapshot: Snapshot, last: SnapshotFile | ChangesFile) -> Path | None:
    """Write a snapshot as what differs from the last whole one and return its path; None where it is to be whole."""
    earlier, now = last.base if isinstance(last, ChangesFile) else last, snapshot.in_hand
    if snapshot.taken_at - earlier.taken_at > WHOLE_EVERY:
        return None
    if (found := assembly_of(earlier, now, _stands(last, now))) is None:
        return None
    assembly, own = found
    made = {"stretches": [[int(own), start, rows] for own, start, rows in assembly.stretches], "pages": assembly.pages}
    data = _BEGINS + as_parquet(own, snapshot, {_MADE: json.dumps(made)})
    name = f"{hashlib.sha256(data).hexdigest()}-{earlier.path.stem}{SUFFIX}"
    path = folder / "snapshots" / snapshot.city_code / name
    with on_disk(path, "保存快照"):
        if not holds(path, data):
            write_whole(path, data, folder / UNFINISHED)
    return path


def _stands(last: SnapshotFile | ChangesFile, now: InHand) -> pl.Series | None:
    """Return where rows that stood in the last snapshot stand in the whole one; None where nobody knows."""
    if not isinstance(now, OfKept) or now.kept is not last:
        return None
    if isinstance(last, ChangesFile):
        stood, behind = last.made.origins(last.base.height), last.base.height + last.own.height
    else:
        stood, behind = pl.int_range(last.height, dtype=pl.UInt32, eager=True), last.height
    if now.places is None:
        return stood
    fresh = pl.int_range(behind, behind + now.fresh.height, dtype=pl.UInt32, eager=True)
    return pl.concat([stood, fresh], rechunk=True)[now.places]


def changes_in(path: Path) -> tuple[dict[str, Any], pl.DataFrame, Assembly]:
    """Return what a file of changes says, its own rows, and how all rows are made; raises ``StorageError``."""
    data = checked(path, path.name[:64], "读取快照").removeprefix(_BEGINS)
    made = json.loads(pl.read_parquet_metadata(BytesIO(data))[_MADE])
    pages = tuple((number, rows) for number, rows in made["pages"])
    return facts_in(data), pl.read_parquet(BytesIO(data)), Assembly(stretches_of(made["stretches"]), pages)


@dataclass(frozen=True)
class ChangesFile:
    """A snapshot made of an earlier whole one, ``base``, and of its own rows; read as ``SnapshotFile`` is."""

    path: Path
    base: SnapshotFile
    facts: dict[str, Any] = field(repr=False)
    own: pl.DataFrame = field(repr=False)
    made: Assembly = field(repr=False)

    @property
    def columns(self) -> tuple[str, ...]:
        """Return its columns' names."""
        return self.base.columns

    @property
    def height(self) -> int:
        """Return how many rows it has."""
        return self.made.height

    @property
    def index(self) -> str | None:
        """Return the hash of the kept page that names its rows' keys and hashes, None where its source has none."""
        return index_in(self.facts)

    @cached_property
    def hashes(self) -> pl.DataFrame:
        """Return its rows' hashes, of which few have to be worked out."""
        return self.made.frame(self.base.hashes, row_hashes(self.own)).rechunk()

    @cached_property
    def by_key(self) -> pl.DataFrame:
        """Return its rows' hashes in order of keys."""
        return in_key_order(self.hashes)

    @cached_property
    def whole(self) -> pl.DataFrame:
        """Return all its rows."""
        rows = self.made.numbered(self.made.frame(self.base.whole.drop(PLACED), self.own))
        return rows.select(self.columns).rechunk()

    def of(self, names: Iterable[str]) -> pl.DataFrame:
        """Return some columns of all rows."""
        asked = [name for name in names if name in self.columns]
        if "whole" in self.__dict__:
            return self.whole.select(asked)
        sent = [name for name in asked if name not in PLACED] or [self.own.columns[0]]
        return self.made.numbered(self.made.frame(self.base.of(sent), self.own.select(sent))).select(asked)

    def at(self, places: pl.Series, names: Iterable[str]) -> pl.DataFrame:
        """Return some columns of the rows at these places."""
        asked = [name for name in names if name in self.columns]
        wanted = places.to_list()
        sources = [self.made.source(place) for place in wanted]
        sent = [name for name in asked if name not in PLACED]
        theirs = sorted({place for own, place in sources if not own})
        rows = self.base.at(pl.Series(theirs, dtype=pl.UInt32), sent)
        stands = {place: number for number, place in enumerate(theirs)}
        picked = [len(theirs) + place if own else stands[place] for own, place in sources]
        chosen = pl.concat([rows, self.own.select(sent)])[picked] if sent else pl.DataFrame(height=len(picked))
        return self.made.numbered_at(chosen, wanted).select(asked)

    def where(self, condition: pl.Expr, names: Iterable[str]) -> pl.DataFrame:
        """Return some columns of the rows for which a condition on their text holds."""
        found: list[int] = []
        for own, rows in ((False, self.base.lazy()), (True, self.own.lazy())):
            hits = rows.with_row_index(AT).filter(condition).select(AT).collect()
            found += [place for place, _ in self.made.places_of(hits.to_series().to_list(), own=own)]
        return self.at(pl.Series(sorted(found), dtype=pl.UInt32), names)
