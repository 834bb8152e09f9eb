"""Evidence is kept whole, named by its content, and refused once damaged."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from tempfile import NamedTemporaryFile

import pytest

from citysync.domain.errors import StorageError
from citysync.domain.snapshot import RawPage
from citysync.storage.kept import read_snapshot
from citysync.storage.pages import Keeper, keep, page_path, read_page, sweep, write_snapshot
from tests.builders import NOW, a_snapshot, an_item

URL = "https://zwfw.example/api?page=3"
DATA = '{"data": "深圳市"}'.encode()


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def test_a_page_is_kept_by_the_hash_of_its_bytes(tmp_path: Path) -> None:
    page = keep(tmp_path, DATA, 3, URL, NOW)
    assert page == RawPage(3, URL, hashlib.sha256(DATA).hexdigest(), len(DATA), NOW)
    assert read_page(tmp_path, page.sha256) == DATA


def test_keeping_the_same_bytes_again_touches_nothing(tmp_path: Path) -> None:
    page = keep(tmp_path, DATA, 1, URL, NOW)
    before = page_path(tmp_path, page.sha256).stat()
    keep(tmp_path, DATA, 2, URL, NOW)
    assert page_path(tmp_path, page.sha256).stat() == before
    assert len(_files(tmp_path)) == 1


def test_a_damaged_page_is_refused_and_healed_by_the_same_bytes(tmp_path: Path) -> None:
    page = keep(tmp_path, DATA, 1, URL, NOW)
    page_path(tmp_path, page.sha256).write_bytes(DATA.replace(b"data", b"daTa"))
    with pytest.raises(StorageError, match=rf"{page.sha256} 失败：内容与指纹不符"):
        read_page(tmp_path, page.sha256)
    keep(tmp_path, DATA, 1, URL, NOW)
    assert read_page(tmp_path, page.sha256) == DATA


def test_a_page_that_is_gone_is_named(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match=r"读取原始页 .*aaaa 失败：文件或文件夹不在"):
        read_page(tmp_path, "a" * 64)


@pytest.mark.parametrize("name", ["../../etc/passwd", "A" * 64, ""])
def test_only_a_hash_names_a_page(tmp_path: Path, name: str) -> None:
    with pytest.raises(StorageError, match="64 位十六进制"):
        read_page(tmp_path, name)


def test_a_snapshot_carries_its_own_proof(tmp_path: Path) -> None:
    page = keep(tmp_path, DATA, 1, URL, NOW)
    taken = a_snapshot([an_item(), an_item(task_name=None)], unknown_fields=("CREATE_TIME",), source_changed_at=NOW)
    snapshot = replace(
        taken,
        pages=(page,),
        notes=("第 2 行的名称为空",),
        certificate=replace(taken.certificate, problems=("第 3 页重复",)),
    )
    path = write_snapshot(tmp_path, snapshot)
    read = read_snapshot(path)
    assert read.rows.equals(snapshot.rows)
    assert read.rows.schema == snapshot.rows.schema
    assert replace(read, rows=snapshot.rows) == snapshot
    assert write_snapshot(tmp_path, snapshot) == path
    assert write_snapshot(tmp_path, replace(snapshot, taken_at=NOW + timedelta(days=1))) != path


def test_a_snapshot_of_no_rows_is_still_a_snapshot(tmp_path: Path) -> None:
    snapshot = a_snapshot([])
    assert read_snapshot(write_snapshot(tmp_path, snapshot)).rows.equals(snapshot.rows)


def test_a_damaged_snapshot_is_refused(tmp_path: Path) -> None:
    path = write_snapshot(tmp_path, a_snapshot([an_item()]))
    data = bytearray(path.read_bytes())
    for cut in (data[:-1], data[: len(data) // 2] + b"x" + data[len(data) // 2 + 1 :], b""):
        path.write_bytes(cut)
        with pytest.raises(StorageError, match="内容与指纹不符"):
            read_snapshot(path)


def test_a_page_handed_over_twice_is_looked_at_once_and_one_that_comes_again_is_looked_at_again(tmp_path: Path) -> None:
    keeper = Keeper(tmp_path)
    heard = keeper.keep(DATA, 0, "", NOW)
    path = page_path(tmp_path, heard.sha256)
    path.write_bytes(b"x")
    numbered = keeper.keep(DATA, 7, URL, NOW)
    assert (numbered, path.read_bytes()) == (replace(heard, number=7, url=URL), b"x")
    keeper.keep(bytes(bytearray(DATA)), 8, URL, NOW)
    assert read_page(tmp_path, heard.sha256) == DATA


_FULL = """
import resource, sys
from datetime import timedelta
from pathlib import Path
from citysync.domain.errors import StorageError
from citysync.storage.pages import keep, write_snapshot
from tests.builders import NOW, a_snapshot, an_item
resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))
many = a_snapshot([an_item(task_name=str(n * 7919 % 10007)) for n in range(5000)])
for write in (lambda folder: keep(folder, b"x" * 100_000, 1, "u", NOW), lambda folder: write_snapshot(folder, many)):
    try:
        write(Path(sys.argv[1]))
    except StorageError as error:
        print(error)
"""


def test_a_disk_that_fills_up_leaves_no_half_file(tmp_path: Path) -> None:
    program = [sys.executable, "-c", _FULL, str(tmp_path)]
    said = subprocess.run(program, capture_output=True, text=True, check=True).stdout  # noqa: S603
    assert said.count("请检查磁盘与进程的限额") == 2, said
    assert _files(tmp_path) == []


_KILLED = """
import os, signal, sys
from datetime import timedelta
from pathlib import Path
from citysync.storage.pages import keep
from tests.builders import NOW
os.fsync = lambda descriptor: os.kill(os.getpid(), signal.SIGKILL)
keep(Path(sys.argv[1]), b"x" * 100_000, 1, "u", NOW)
"""


def test_what_a_killed_process_left_is_swept_and_nothing_else(tmp_path: Path) -> None:
    page = keep(tmp_path, DATA, 1, URL, NOW)
    theirs = [tmp_path / "unfinished" / f".tmp-deadbeef-{pid}-x" for pid in (1, 2)]  # of another machine
    for path in theirs:
        path.write_bytes(b"half")
    os.utime(theirs[0], (0, 0))
    subprocess.run([sys.executable, "-c", _KILLED, str(tmp_path)], check=False)  # noqa: S603
    (left,) = (path for path in _files(tmp_path) if path.name != page.sha256 and path not in theirs)
    assert left.parent.name == "unfinished", "no half file stands under a final name"
    with NamedTemporaryFile(dir=left.parent, prefix=f"{left.name.rsplit('-', 2)[0]}-{os.getpid()}-") as ours:
        assert sweep(tmp_path) == 2
        assert sorted(_files(tmp_path)) == sorted([page_path(tmp_path, page.sha256), theirs[1], Path(ours.name)])
