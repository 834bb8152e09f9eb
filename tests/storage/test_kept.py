"""Snapshots read by parts, and the file of their rows' hashes: absent, damaged or another's, it is worked out again."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from citysync.domain.errors import StorageError
from citysync.domain.snapshot import Snapshot
from citysync.storage.kept import hashes_name, open_snapshot, write_snapshot_and_hashes
from citysync.storage.pages import write_snapshot
from tests.builders import a_snapshot, an_item


def many(rows: int = 40) -> Snapshot:
    return a_snapshot([an_item(task_name=f"事项{n}", by_law=None if n % 3 else "法") for n in range(rows)])


def beside(path: Path) -> Path:
    return path.with_name(hashes_name(path.name))


def test_a_snapshots_hashes_lie_beside_it_and_are_read_without_its_text(tmp_path: Path) -> None:
    snapshot = many()
    path = write_snapshot_and_hashes(tmp_path, snapshot)
    kept = open_snapshot(path)
    assert kept.hashes.equals(snapshot.in_hand.hashes)
    assert kept.hashes.schema == snapshot.in_hand.hashes.schema
    assert kept.by_key.equals(snapshot.in_hand.by_key)
    assert "whole" not in kept.__dict__
    assert beside(path).stat().st_size < 28 * 40 + 2_000
    before = beside(path).stat()
    assert write_snapshot_and_hashes(tmp_path, snapshot) == path
    assert beside(path).stat() == before, "written again"


def spoilt(side: Path) -> None:
    side.write_bytes(side.read_bytes()[:-1] + b"x")


def cut(side: Path) -> None:
    side.write_bytes(side.read_bytes()[:100])


def empty(side: Path) -> None:
    side.write_bytes(b"")


def of_another(side: Path) -> None:
    other = a_snapshot([an_item(task_name=f"另{n}") for n in range(40)])
    side.write_bytes(beside(write_snapshot_and_hashes(side.parent / "other", other)).read_bytes())


def a_folder(side: Path) -> None:
    side.unlink()
    side.mkdir()


@pytest.mark.parametrize("damage", [spoilt, cut, empty, Path.unlink, of_another, a_folder])
def test_hashes_that_cannot_be_believed_are_worked_out_from_the_rows(
    tmp_path: Path, damage: Callable[[Path], None]
) -> None:
    snapshot = many()
    path = write_snapshot_and_hashes(tmp_path, snapshot)
    damage(beside(path))
    assert open_snapshot(path).hashes.equals(snapshot.in_hand.hashes)


def test_hashes_that_were_damaged_are_healed_by_writing_the_snapshot_again(tmp_path: Path) -> None:
    path = write_snapshot_and_hashes(tmp_path, many())
    whole = beside(path).read_bytes()
    spoilt(beside(path))
    write_snapshot_and_hashes(tmp_path, many())
    assert beside(path).read_bytes() == whole


def test_an_older_snapshot_has_none_and_gives_them_all_the_same(tmp_path: Path) -> None:
    snapshot = many()
    assert open_snapshot(write_snapshot(tmp_path, snapshot)).hashes.equals(snapshot.in_hand.hashes)


@pytest.mark.parametrize("rows", [40, 0])
@pytest.mark.parametrize("first", [True, False])
def test_parts_of_a_snapshot_are_parts_of_the_whole(tmp_path: Path, rows: int, first: bool) -> None:  # noqa: FBT001
    snapshot = many(rows)
    kept = open_snapshot(write_snapshot(tmp_path, snapshot))
    if first:
        assert kept.whole.equals(snapshot.rows)
    assert (kept.height, kept.columns) == (rows, tuple(snapshot.rows.columns))
    asked = [name for name in ("task_name", "by_law", "not_there") if name in snapshot.rows.columns]
    assert kept.of(("task_name", "by_law", "not_there")).equals(snapshot.rows.select(asked))
    for places in ([], [3, 17, 39], list(range(40))):
        wanted = pl.Series([place for place in places if place < rows], dtype=pl.UInt32)
        read = kept.at(wanted, ("task_name", "by_law", "not_there"))
        assert read.equals(snapshot.rows.select(asked)[wanted])
        assert read.schema == snapshot.rows.select(asked).schema


def test_a_damaged_snapshot_is_refused_whether_or_not_its_text_is_asked_for(tmp_path: Path) -> None:
    path = write_snapshot_and_hashes(tmp_path, many())
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    with pytest.raises(StorageError, match="内容与指纹不符"):
        open_snapshot(path)


_KILLED = """
import os, signal, sys
from pathlib import Path
from citysync.storage.kept import write_snapshot_and_hashes
from tests.storage.test_kept import many
real, times = os.fsync, []
def second(descriptor):
    times.append(descriptor)
    if len(times) == 2:
        os.kill(os.getpid(), signal.SIGKILL)
    real(descriptor)
os.fsync = second
write_snapshot_and_hashes(Path(sys.argv[1]), many())
"""


def test_a_process_killed_between_the_two_leaves_a_whole_snapshot_and_no_half_hashes(tmp_path: Path) -> None:
    killed = subprocess.run([sys.executable, "-c", _KILLED, str(tmp_path)], check=False, env={**os.environ})  # noqa: S603
    assert killed.returncode == -9
    (path,) = (tmp_path / "snapshots" / "440300").iterdir()
    assert hashlib.sha256(path.read_bytes()).hexdigest() == path.stem
    assert open_snapshot(path).hashes.equals(many().in_hand.hashes)
    assert write_snapshot_and_hashes(tmp_path, many()) == path
    assert beside(path).is_file()
