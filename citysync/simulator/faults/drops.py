"""F: a folder of dropped files that is not what it should be."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import threading
import zipfile
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from citysync.simulator.faults import clock
from citysync.simulator.faults.fault import Fault

_MANIFEST = frozenset({"csv_bom", "jsonl"})
_BARE = frozenset({"csv_unproved", "csv_gb18030", "xlsx", "json"})
_CSV = frozenset({"csv_unproved", "csv_gb18030"})
_PARTS = 4
_TICKS = 300  # of a tenth of a second: how long a slow upload goes on
_HUGE = 5 * 2**30
_HOUR = 3_600


def _file(folder: Path) -> Path:
    return next(path for path in sorted(folder.glob("items-*")) if path.name[6].isdigit())


def _uploading(folder: Path) -> None:
    """Cut the file and let a thread append what is missing, slowly; it stops when the file is gone."""
    path = _file(folder)
    whole = path.read_bytes()
    half = len(whole) // 2
    path.write_bytes(whole[:half])
    threading.Thread(target=_append, args=(path, whole[half:]), daemon=True).start()


def _append(path: Path, rest: bytes) -> None:
    """Append to the file that is there now, even if another takes its name: its writer would not notice either."""
    pause, step = threading.Event(), max(1, len(rest) // _TICKS)
    with path.open("ab", buffering=0) as file:
        for start in range(0, len(rest), step):
            file.write(rest[start : start + step])
            pause.wait(0.1)


def _written(change: Callable[[bytes], bytes]) -> Callable[[Path], None]:
    def put(folder: Path) -> None:
        path = _file(folder)
        path.write_bytes(change(path.read_bytes()))

    return put


def _dated(days: int) -> Callable[[Path], None]:
    def put(folder: Path) -> None:
        path = _file(folder)
        day = date.fromisoformat(f"{path.stem[6:10]}-{path.stem[10:12]}-{path.stem[12:14]}") + timedelta(days=days)
        moved = path.with_name(f"items-{day:%Y%m%d}{path.suffix}")
        path.rename(moved)
        _listed_as(folder, moved)
        if days < 0:
            written = clock.now().timestamp() + days * 86_400
            os.utime(moved, (written, written))

    return put


def _listed_as(folder: Path, path: Path) -> None:
    manifest = folder / "manifest.json"
    if manifest.exists():
        document: Any = json.loads(manifest.read_text(encoding="utf-8"))
        document["files"][0]["name"] = path.name
        manifest.write_text(json.dumps(document), encoding="utf-8")


def _two_of_one_day(folder: Path) -> None:
    path = _file(folder)
    newer = path.with_name(f"{path.stem}-v2{path.suffix}")
    shutil.copyfile(path, newer)
    lines = path.read_bytes().split(b"\r\n")
    path.write_bytes(b"\r\n".join(lines[: len(lines) // 2]) + b"\r\n")
    earlier = newer.stat().st_mtime - _HOUR
    os.utime(path, (earlier, earlier))


def _part_missing(folder: Path) -> None:
    """Split the file into four listed by the manifest, and lose the third."""
    path = _file(folder)
    mark = path.read_bytes()[:3] if path.suffix == ".csv" else b""
    head, *rows = path.read_bytes().removeprefix(mark).splitlines(keepends=True)
    header = head if path.suffix == ".csv" else b""
    rows = rows if header else [head, *rows]
    size = -(-len(rows) // _PARTS)
    entries: list[dict[str, Any]] = []
    for number in range(_PARTS):
        part = rows[number * size : (number + 1) * size]
        data = mark + header + b"".join(part)
        name = f"{path.stem}-{number + 1}{path.suffix}"
        (folder / name).write_bytes(data)
        entries.append({"name": name, "sha256": hashlib.sha256(data).hexdigest(), "rows": len(part)})
    (folder / entries[2]["name"]).unlink()
    path.unlink()
    (folder / "manifest.json").write_text(json.dumps({"files": entries}), encoding="utf-8")


def _in_manifest(change: Callable[[dict[str, Any]], object]) -> Callable[[Path], None]:
    def put(folder: Path) -> None:
        manifest = folder / "manifest.json"
        document: Any = json.loads(manifest.read_text(encoding="utf-8"))
        change(document["files"][0])
        manifest.write_text(json.dumps(document), encoding="utf-8")

    return put


def _wrong_sha(entry: dict[str, Any]) -> None:
    entry["sha256"] = "0" * 64


def _wrong_rows(entry: dict[str, Any]) -> None:
    entry["rows"] += 1


def _outside(entry: dict[str, Any]) -> None:
    entry["name"] = "../../secrets/CITYSYNC_SECRET_440100"


def _link(folder: Path) -> None:
    path = _file(folder)
    outside = folder.parent / f"{folder.name}-outside{path.suffix}"
    path.rename(outside)
    path.symlink_to(outside)


def _pipe(folder: Path) -> None:
    path = _file(folder)
    path.unlink()
    os.mkfifo(path)


def _sparse(folder: Path) -> None:
    os.truncate(_file(folder), _HUGE)


def _archive(folder: Path) -> None:
    path = _file(folder)
    data = path.read_bytes()
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("../../../items.csv", data)


def _gone(folder: Path) -> None:
    _file(folder).unlink()


FAULTS: tuple[Fault, ...] = (
    Fault("F01", "文件仍在上传", "half of the file, the rest appended slowly", drop=_uploading, dialects=_CSV),
    Fault("F02", "零字节文件", "an empty file", drop=_written(lambda _data: b""), dialects=_BARE),
    Fault(
        "F02b",
        "只有表头",
        "a heading and no rows",
        drop=_written(lambda data: data.split(b"\r\n")[0] + b"\r\n"),
        dialects=_CSV,
    ),
    Fault(
        "F03",
        "还是旧文件",
        "the file is nine days old by name and time",
        drop=_dated(-9),
        expect={"max_age_days": 2},
        dialects=_BARE,
    ),
    Fault("F03b", "文件名是将来的日期", "the file is named for a day to come", drop=_dated(9), dialects=_BARE),
    Fault("F04", "同一天两个文件", "a half one, and a whole one that is newer", drop=_two_of_one_day, dialects=_CSV),
    Fault(
        "F05", "多个文件缺一个", "the third of four listed files is not there", drop=_part_missing, dialects=_MANIFEST
    ),
    Fault("F06", "清单摘要不符", "the manifest's sha256 is another", drop=_in_manifest(_wrong_sha), dialects=_MANIFEST),
    Fault(
        "F06b",
        "清单行数不符",
        "the manifest's row count is another",
        drop=_in_manifest(_wrong_rows),
        dialects=_MANIFEST,
    ),
    Fault(
        "F09", "清单文件名越出目录", "the manifest lists ../../secrets", drop=_in_manifest(_outside), dialects=_MANIFEST
    ),
    Fault("F09b", "文件是符号链接", "the file is a link out of the folder", drop=_link, dialects=_BARE | _MANIFEST),
    Fault("F09c", "文件是管道", "the file is a named pipe nobody writes to", drop=_pipe, dialects=_BARE | _MANIFEST),
    Fault("F10", "5 GB 的文件", "a sparse file of 5 GiB", drop=_sparse, dialects=_BARE | _MANIFEST),
    Fault(
        "F11",
        "压缩包冒充数据文件",
        "a ZIP whose member climbs out, under the file's name",
        drop=_archive,
        dialects=_CSV,
    ),
    Fault("F12", "文件不见了", "the file is gone before it is read", drop=_gone, dialects=_BARE | _MANIFEST),
)
