"""A snapshot's file read by parts, and the small file beside it that holds its rows' hashes.

The hashes can always be worked out again from the rows, so a file of them that is absent (older snapshots have none),
damaged or another snapshot's is as if there were none.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from io import BytesIO
from pathlib import Path
from typing import Any

import polars as pl

from citysync.domain.kept_rows import PLACE, KeptRows, in_key_order
from citysync.domain.row_hashes import row_hashes
from citysync.domain.snapshot import Snapshot
from citysync.storage.changes import ChangesFile, changes_in, rests_on, write_changes
from citysync.storage.pages import (
    AT,
    UNFINISHED,
    checked,
    facts_in,
    holds,
    index_in,
    snapshot_of,
    write_snapshot,
    write_whole,
)
from citysync.storage.translate import on_disk

_SUFFIX = ".hashes"
_FORMAT = b"citysync row hashes 2\n"  # another way of hashing rows needs another number
_PROOF = hashlib.sha256().digest_size
_FEW = 0.25  # of the rows: beyond it, reading all of them is cheaper than looking for some


def hashes_name(snapshot: str) -> str:
    """Return the name of the file of hashes beside a snapshot's, by the snapshot's name."""
    return snapshot.removesuffix(".parquet") + _SUFFIX


def files_of(snapshot: str) -> tuple[str, ...]:
    """Return the names of the files a snapshot needs, by its own file's name; what it rests on is among them."""
    below = rests_on(snapshot)
    whole = snapshot if below is None else below
    return (*((snapshot,) if below else ()), whole, hashes_name(whole))


def write_snapshot_and_hashes(folder: Path, snapshot: Snapshot, last: KeptRows | None = None) -> Path:
    """Write a snapshot, then its rows' hashes beside it, and return the snapshot's path.

    ``last``: the one in force before it: where little differs, only that is written (``storage.changes``).
    Killed in between, it leaves a snapshot whose hashes are worked out when they are asked for.
    """
    if isinstance(last, SnapshotFile | ChangesFile) and (changes := write_changes(folder, snapshot, last)) is not None:
        return changes
    path = write_snapshot(folder, snapshot)
    beside = path.with_name(hashes_name(path.name))
    buffer = BytesIO()
    snapshot.in_hand.by_key.write_ipc(buffer)
    data = _proof(path.stem, buffer.getvalue()) + buffer.getvalue()
    with on_disk(beside, "保存快照的行指纹"):
        if not holds(beside, data):
            write_whole(beside, data, folder / UNFINISHED)
    return path


def open_snapshot(path: Path) -> SnapshotFile | ChangesFile:
    """Return a snapshot to be read by parts; raise ``StorageError`` if a file it needs is gone or damaged."""
    base = rests_on(path.name)
    if base is None:
        return SnapshotFile(path, checked(path, path.stem, "读取快照"))
    below = path.with_name(base)
    return ChangesFile(path, SnapshotFile(below, checked(below, below.stem, "读取快照")), *changes_in(path))


def read_snapshot(path: Path) -> Snapshot:
    """Return a snapshot as it was written; raise ``StorageError`` if a file it needs is gone or damaged."""
    kept = open_snapshot(path)
    return snapshot_of(kept.facts, kept.whole)


@dataclass(frozen=True)
class SnapshotFile:
    """A snapshot's file, proved to be the one that was written; its text is decoded where it is asked for."""

    path: Path
    data: bytes = field(repr=False)

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """Return its columns' names."""
        return tuple(pl.read_parquet_schema(BytesIO(self.data)))

    @cached_property
    def height(self) -> int:
        """Return how many rows it has."""
        return int(pl.scan_parquet(BytesIO(self.data)).select(pl.len()).collect().item())

    @cached_property
    def index(self) -> str | None:
        """Return the hash of the kept page that names its rows' keys and hashes, None where its source has none."""
        return index_in(self.facts)

    @cached_property
    def facts(self) -> dict[str, Any]:
        """Return what the file says beside its rows."""
        return facts_in(self.data)

    @property
    def taken_at(self) -> datetime:
        """Return when it was taken."""
        return datetime.fromisoformat(self.facts["taken_at"])

    @cached_property
    def hashes(self) -> pl.DataFrame:
        """Return its rows' hashes."""
        return self.by_key.sort(PLACE).drop(PLACE)

    @cached_property
    def by_key(self) -> pl.DataFrame:
        """Return its rows' hashes in order of keys: kept beside it or, where there are none, worked out again."""
        kept = self._hashes_kept()
        return in_key_order(row_hashes(self.whole)) if kept is None else kept

    @cached_property
    def whole(self) -> pl.DataFrame:
        """Return all its rows."""
        return pl.read_parquet(BytesIO(self.data))

    def lazy(self) -> pl.LazyFrame:
        """Return all its rows, to be read as far as they are asked for."""
        return pl.scan_parquet(BytesIO(self.data))

    def of(self, names: Iterable[str]) -> pl.DataFrame:
        """Return some columns of all rows."""
        asked = [name for name in names if name in self.columns]
        if "whole" in self.__dict__:
            return self.whole.select(asked)
        return pl.read_parquet(BytesIO(self.data), columns=asked)

    def at(self, places: pl.Series, names: Iterable[str]) -> pl.DataFrame:
        """Return some columns of the rows at these places."""
        if places.is_empty() or "whole" in self.__dict__ or len(places) > self.height * _FEW:
            return self._nothing(names) if places.is_empty() else self.of(names)[places]
        scanned = pl.scan_parquet(BytesIO(self.data), row_index_name=AT, parallel="row_groups")
        chosen = scanned.filter(pl.col(AT).is_in(places.implode()))
        return chosen.select(name for name in names if name in self.columns).collect()

    def _nothing(self, names: Iterable[str]) -> pl.DataFrame:
        schema = pl.read_parquet_schema(BytesIO(self.data))
        return pl.DataFrame(schema={name: schema[name] for name in names if name in schema})

    def _hashes_kept(self) -> pl.DataFrame | None:
        try:
            with self.path.with_name(hashes_name(self.path.name)).open("rb") as file:
                proof, body = file.read(_PROOF), file.read()
        except OSError:
            return None
        return pl.read_ipc(body) if proof == _proof(self.path.stem, body) else None


def _proof(snapshot: str, body: bytes) -> bytes:
    """Return what stands before the hashes: so that they are whole, and these very rows'."""
    told = hashlib.sha256(_FORMAT + snapshot.encode())
    told.update(body)
    return told.digest()
