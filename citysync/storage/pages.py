"""Evidence on disk: raw pages by SHA-256, snapshots as Parquet that carry their own certificate.

Every file is written under a temporary name in one folder, flushed to the disk and renamed, so that no half file ever
stands under a final name; every file is named by its content, so that damage shows. A temporary name says whose it is,
so that what a killed process left can be told from what a living one is writing.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import socket
import tempfile
import time
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

import polars as pl

from citysync.domain.errors import StorageError
from citysync.domain.snapshot import INDEX_URL, Certificate, Grade, RawPage, Snapshot
from citysync.storage.process import is_running, machine_mark
from citysync.storage.translate import on_disk

UNFINISHED = "unfinished"  # the folder of temporary names
_UNFINISHED = ".tmp-"
_DAY = 86_400
_SHA256 = re.compile(r"[0-9a-f]{64}")
_ONE_GROUP = 1 << 22  # rows: a city in one group is a quarter smaller and cheaper to look single rows up in
AT = "citysync_place"  # a row's number from 0 while a file is scanned; no column of a source is called so
_FACTS = "citysync.snapshot"  # the Parquet metadata key; its value is JSON


def keep(folder: Path, data: bytes, number: int, url: str, now: datetime) -> RawPage:
    """Keep one page as it came and return its record; keeping the same bytes again changes nothing.

    ``url`` must be redacted already. A copy on disk that was damaged is replaced. Raises ``StorageError``.
    """
    digest = hashlib.sha256(data).hexdigest()
    path = page_path(folder, digest)
    with on_disk(path, "保存原始页"):
        if not holds(path, data):
            write_whole(path, data, folder / UNFINISHED)
    return RawPage(number, url, digest, len(data), now)


class Keeper:
    """Keeps page after page in one folder; what it kept a moment ago it knows, and neither hashes nor writes again."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._last: tuple[bytes, str] | None = None

    def keep(self, data: bytes, number: int, url: str, now: datetime) -> RawPage:
        """Keep one page as ``keep`` does. A pull hands each over twice: as what was heard, and as a numbered page."""
        if self._last is not None and self._last[0] is data:  # the same object: bytes do not change
            return RawPage(number, url, self._last[1], len(data), now)
        page = keep(self._folder, data, number, url, now)
        self._last = data, page.sha256
        return page


def read_page(folder: Path, sha256: str) -> bytes:
    """Return the bytes of a page; raise ``StorageError`` if they are gone or are not the ones that were kept."""
    return checked(page_path(folder, sha256), sha256, "读取原始页")


def page_path(folder: Path, sha256: str) -> Path:
    """Return where a page lies; two characters of its name make the folder, so that none grows huge."""
    if _SHA256.fullmatch(sha256) is None:
        raise StorageError(f"原始页的指纹 {sha256!r} 不是 64 位十六进制；请检查台账")
    return folder / "pages" / sha256[:2] / sha256


def write_snapshot(folder: Path, snapshot: Snapshot) -> Path:
    """Write a snapshot as Parquet under ``folder``, named by its content, and return its path."""
    data = as_parquet(snapshot.rows, snapshot, {})
    path = folder / "snapshots" / snapshot.city_code / f"{hashlib.sha256(data).hexdigest()}.parquet"
    with on_disk(path, "保存快照"):
        if not holds(path, data):
            write_whole(path, data, folder / UNFINISHED)
    return path


def as_parquet(rows: pl.DataFrame, snapshot: Snapshot, more: Mapping[str, str]) -> bytes:
    """Return rows of a snapshot as the bytes of a Parquet file that says what else the snapshot is, and ``more``."""
    buffer = BytesIO()
    metadata = {_FACTS: json.dumps(_facts(snapshot)), **more}
    rows.write_parquet(buffer, row_group_size=_ONE_GROUP, metadata=metadata)
    return buffer.getvalue()


def facts_in(data: bytes) -> dict[str, Any]:
    """Return what a snapshot's file says beside its rows."""
    facts: dict[str, Any] = json.loads(pl.read_parquet_metadata(BytesIO(data))[_FACTS])
    return facts


def index_in(facts: Mapping[str, Any]) -> str | None:
    """Return the hash of the kept page that names a snapshot's keys and hashes, None where its source has none."""
    return next((page["sha256"] for page in facts["pages"] if page["url"] == INDEX_URL), None)


def write_whole(path: Path, data: bytes, unfinished: Path) -> None:
    """Write a file so that it is either whole or not there: temporary name, flush to disk, rename. Raises OSError.

    ``unfinished``: the folder for temporary names, on the same disk.
    """
    descriptor, half = _half(unfinished)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        _moved(half, path)
    except BaseException:
        Path(half).unlink(missing_ok=True)
        raise


def _half(unfinished: Path) -> tuple[int, str]:
    prefix = f"{_UNFINISHED}{_machine()}-{os.getpid()}-"
    try:
        return tempfile.mkstemp(prefix=prefix, dir=unfinished)
    except FileNotFoundError:  # the first of all
        unfinished.mkdir(parents=True, exist_ok=True)
        return tempfile.mkstemp(prefix=prefix, dir=unfinished)


def _moved(half: str, path: Path) -> None:
    try:
        os.replace(half, path)  # noqa: PTH105 - page after page: a Path costs as much as the renaming
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True)
        os.replace(half, path)  # noqa: PTH105 - as above


def sweep(folder: Path) -> int:
    """Remove what processes that are gone left half-written; return how many files that were."""
    left = stale(folder)
    for path in left:
        with on_disk(path, "清理半成品"):
            path.unlink(missing_ok=True)
    return len(left)


def stale(folder: Path) -> list[Path]:
    """Return what processes that are gone left half-written.

    Of another machine's processes nothing is known: theirs are left a day later.
    """
    return [path for path in (folder / UNFINISHED).glob(f"{_UNFINISHED}*") if _stale(path)]


def _stale(path: Path) -> bool:
    machine, pid, _ = path.name.removeprefix(_UNFINISHED).split("-", 2)
    if machine == _machine() and not is_running(int(pid)):
        return True
    try:
        return time.time() - path.stat().st_mtime > _DAY
    except FileNotFoundError:  # its writer finished meanwhile
        return False


@cache
def _machine() -> str:
    return hashlib.sha256((machine_mark() or socket.gethostname()).encode()).hexdigest()[:8]


def holds(path: Path, data: bytes) -> bool:
    """Return whether a file is there with these bytes."""
    try:
        return path.stat().st_size == len(data) and path.read_bytes() == data
    except FileNotFoundError:
        return False


def checked(path: Path, sha256: str, deed: str) -> bytes:
    """Return the bytes of a file named by its content; raise ``StorageError`` if they are gone or are others."""
    with on_disk(path, deed):
        data = path.read_bytes()
    if hashlib.sha256(data).hexdigest() != sha256:
        raise StorageError(f"{deed} {path} 失败：内容与指纹不符，文件已损坏；请用备份恢复，或重新拉取该城市")
    return data


def _facts(snapshot: Snapshot) -> dict[str, Any]:
    return {
        "city_code": snapshot.city_code,
        "taken_at": snapshot.taken_at.isoformat(),
        "certificate": asdict(snapshot.certificate),
        "pages": [{**page.as_dict(), "fetched_at": page.fetched_at.isoformat()} for page in snapshot.pages],
        "unknown_fields": snapshot.unknown_fields,
        "source_changed_at": None if snapshot.source_changed_at is None else snapshot.source_changed_at.isoformat(),
        "notes": snapshot.notes,
    }


def snapshot_of(facts: dict[str, Any], rows: pl.DataFrame) -> Snapshot:
    """Return a snapshot of what its file says beside its rows, and of those."""
    certificate = facts["certificate"]
    changed_at = facts["source_changed_at"]
    return Snapshot(
        city_code=facts["city_code"],
        taken_at=datetime.fromisoformat(facts["taken_at"]),
        rows=rows,
        pages=tuple(
            RawPage(**{**page, "fetched_at": datetime.fromisoformat(page["fetched_at"])}) for page in facts["pages"]
        ),
        certificate=Certificate(
            **{**certificate, "grade": Grade(certificate["grade"]), "problems": tuple(certificate["problems"])}
        ),
        unknown_fields=tuple(facts["unknown_fields"]),
        source_changed_at=None if changed_at is None else datetime.fromisoformat(changed_at),
        notes=tuple(facts["notes"]),
    )
