"""Which of a folder's files are today's directory, and which are not files at all."""

from __future__ import annotations

import hashlib
import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from citysync.domain.errors import OverBudget, Unreachable, Unreadable
from citysync.domain.snapshot import Grade
from citysync.domain.verdict import Fault
from connectors import _folder
from tests.connectors.doors import NOW, Memory, code, codes, directory, pulled
from tests.connectors.test_file_drop import as_csv, dropped

ROWS = directory(4)


def as_json(rows: list[dict[str, str | None]]) -> bytes:
    return json.dumps(rows, ensure_ascii=False).encode()


def drop(folder: Path, pattern: str, **files: bytes) -> dict[str, Any]:
    """Write files named by keyword (``_`` for ``-``), and return the source that reads them."""
    for name, data in files.items():
        (folder / f"{name.replace('__', '.').replace('_', '-')}").write_bytes(data)
    return {"connector": "file_drop", "path": str(folder / pattern)}


def parts(folder: Path, *numbers: int) -> dict[str, Any]:
    for number in numbers:
        (folder / f"items-20261123-part{number}of4.json").write_bytes(as_json(ROWS[number - 1 : number]))
    return {"connector": "file_drop", "path": str(folder / "*.json")}


def test_all_parts_of_a_drop_are_one_directory(tmp_path: Path) -> None:
    snapshot = pulled(parts(tmp_path, 1, 2, 3, 4))
    assert codes(snapshot) == [code(1), code(2), code(3), code(4)]
    assert (snapshot.certificate.grade, snapshot.certificate.pages) == (Grade.B, 4)


def test_a_part_that_is_missing_is_named_and_nothing_is_judged(tmp_path: Path) -> None:
    certificate = pulled(parts(tmp_path, 1, 2, 4)).certificate
    assert (certificate.grade, certificate.problems) == (Grade.X, ("缺少第 3/4 个文件",))


def test_two_files_of_one_day_prove_nothing_and_the_later_is_taken(tmp_path: Path) -> None:
    source = drop(tmp_path, "*.json", items_20261123__json=as_json(ROWS), items_20261123_v2__json=as_json(ROWS[:2]))
    os.utime(tmp_path / "items-20261123.json", (1e9, 1e9))
    snapshot = pulled(source)
    assert codes(snapshot) == [code(1), code(2)]
    assert snapshot.certificate.grade is Grade.C  # the other may be the other half: no absence is told
    assert "同一天有 2 个文件" in snapshot.notes[0]


def test_a_file_named_for_tomorrow_is_refused(tmp_path: Path) -> None:
    source = drop(tmp_path, "*.csv", items_20261124__csv=as_csv(ROWS).encode(), items_20261125__csv=b"x")
    with pytest.raises(Unreadable, match="文件名日期 2026-11-25 晚于今天 2026-11-24"):
        pulled(source)


def test_yesterdays_file_copied_today_is_still_yesterdays(tmp_path: Path) -> None:
    snapshot = pulled(drop(tmp_path, "*.csv", items_20261120__csv=as_csv(ROWS).encode()))
    assert snapshot.source_changed_at == datetime(2026, 11, 20, 16, tzinfo=UTC)


class Uploading(Memory):
    """A door behind which somebody appends to a file while we wait between two looks."""

    path: Path

    def wait(self, seconds: float) -> None:
        super().wait(seconds)
        with self.path.open("ab") as file:
            file.write(b"more")


@pytest.mark.parametrize("done", [False, True])
def test_a_file_still_being_uploaded_is_not_read_unless_marked_done(tmp_path: Path, *, done: bool) -> None:
    source = dropped(tmp_path, "items.csv", as_csv(ROWS).encode())
    os.utime(tmp_path / "items.csv", (NOW.timestamp() - 5,) * 2)
    memory = Uploading()
    memory.path = tmp_path / "items.csv"
    if done:
        (tmp_path / "items.csv.done").touch()
        assert pulled(source, memory).rows.height == 4
        assert memory.waited == []
        return
    with pytest.raises(Unreachable, match="上传未完成"):
        pulled(source, memory)
    assert memory.waited == [2.0]


@pytest.mark.parametrize("grows", [False, True])
def test_half_a_file_that_goes_on_growing_is_called_unfinished_however_old_it_looks(
    tmp_path: Path, *, grows: bool
) -> None:
    data = as_csv(ROWS).encode()
    source = dropped(tmp_path, "items.csv", data[: len(data) // 2 + 1])
    os.utime(tmp_path / "items.csv", (NOW.timestamp() + 3600,) * 2)  # by a clock that is ahead
    memory = Uploading() if grows else Memory()
    if isinstance(memory, Uploading):
        memory.path = tmp_path / "items.csv"
    with pytest.raises(Unreachable if grows else Unreadable, match="上传未完成" if grows else "items.csv：") as caught:
        pulled(source, memory)
    assert caught.value.fault is Fault.CITY
    assert len(memory.waited) == 1


def test_an_old_file_is_read_without_waiting(tmp_path: Path) -> None:
    source = dropped(tmp_path, "items.csv", as_csv(ROWS).encode())
    os.utime(tmp_path / "items.csv", (NOW.timestamp() - 3600,) * 2)
    memory = Memory()
    assert pulled(source, memory).rows.height == 4
    assert memory.waited == []


def test_a_file_that_vanishes_once_is_looked_for_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = drop(tmp_path, "*.csv", items_20261122__csv=as_csv(ROWS).encode(), items_20261123__csv=b"x")
    read = _folder.LocalFolder.read

    def gone(self: _folder.LocalFolder, path: str) -> bytes:
        Path(tmp_path / "items-20261123.csv").unlink(missing_ok=True)
        return read(self, path)

    monkeypatch.setattr(_folder.LocalFolder, "read", gone)
    assert pulled(source).rows.height == 4


@pytest.mark.parametrize("kind", ["link", "pipe", "device", "folder"])
def test_what_is_no_plain_file_is_never_read(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "items.csv"
    if kind in {"link", "device"}:
        path.symlink_to("/etc/passwd" if kind == "link" else "/dev/zero")
    elif kind == "pipe":
        os.mkfifo(path)
    else:
        path.mkdir()
    with pytest.raises((Unreadable, Unreachable), match=r"符号链接|不是普通文件|无法读取"):
        pulled({"connector": "file_drop", "path": str(path)})


def test_a_file_beyond_all_measure_is_not_read(tmp_path: Path) -> None:
    with (tmp_path / "items.csv").open("wb") as file:
        file.truncate(5 * 2**30)
    with pytest.raises(OverBudget, match="5,120 MB，超过上限 512 MB"):
        pulled({"connector": "file_drop", "path": str(tmp_path / "items.csv")})


def test_a_folder_with_too_many_files_is_over_budget(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_folder, "MOST_ENTRIES", 3)
    for number in range(4):
        (tmp_path / f"{number}.csv").touch()
    with pytest.raises(OverBudget, match="超过 3 个"):
        pulled({"connector": "file_drop", "path": str(tmp_path / "*.csv")})


def test_a_manifest_for_a_link_names_it_missing(tmp_path: Path) -> None:
    entry = {"name": "a.csv", "sha256": hashlib.sha256(b"x").hexdigest(), "rows": 1}
    (tmp_path / "a.csv").symlink_to("/etc/passwd")
    (tmp_path / "m.json").write_text(json.dumps({"files": [entry]}), encoding="utf-8")
    memory = Memory()
    source = {"connector": "file_drop", "path": str(tmp_path / "*.csv"), "manifest": str(tmp_path / "m.json")}
    assert pulled(source, memory).certificate.problems == ("缺少第 1/1 个文件 a.csv",)
    assert memory.kept == []
