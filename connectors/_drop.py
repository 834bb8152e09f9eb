"""The folder a city drops its files in: which files count, their bytes, and the manifest beside them."""

from __future__ import annotations

import glob
import os
import stat
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from citysync.domain.errors import OverBudget, Unreachable, Unreadable
from citysync.domain.verdict import Fault
from connectors._text import read_json

_LARGEST = 512 * 2**20
_DIGEST_LENGTH = 64


@dataclass(frozen=True, slots=True)
class Listed:
    """One file a manifest lists, with what it must be; ``place`` names it in texts, ``path`` is where it should be."""

    path: Path
    sha256: str
    rows: int
    place: str


def newest(pattern: str) -> Path:
    """Return the file of that name, or of those matching a glob the last by name; raises ``Unreachable`` if none."""
    if not glob.has_magic(pattern):
        return Path(pattern)
    found = [Path(name) for name in glob.glob(pattern) if is_plain(Path(name))]  # noqa: PTH207 — a whole pattern
    if not found:
        raise Unreachable(f"没有与 {pattern} 相符的文件；请检查路径，或请市里上传", fault=Fault.CITY)
    return max(found, key=lambda path: path.name)


def is_plain(path: Path) -> bool:
    """Return whether it is a regular file; a link in a drop folder could lead anywhere."""
    try:
        return stat.S_ISREG(os.lstat(path).st_mode)
    except OSError:
        return False


def bytes_of(path: Path) -> tuple[bytes, datetime]:
    """Return a file's bytes and when it was changed; refuses one that is still being written."""
    try:
        before = path.stat()
        if before.st_size > _LARGEST:
            raise OverBudget(f"{path.name} 有 {before.st_size / 2**20:,.0f} MB，超过上限 {_LARGEST // 2**20} MB")
        data = path.read_bytes()
        after = path.stat()
    except OSError as error:
        missing = Fault.CITY if isinstance(error, FileNotFoundError) else None
        raise Unreachable(f"无法读取文件 {path.name}（{error.strerror}）；请检查路径与权限", fault=missing) from error
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns) or len(data) != after.st_size:
        raise Unreachable(f"{path.name} 上传未完成（读取期间仍在变化）；请稍后重试", fault=Fault.CITY)
    return data, datetime.fromtimestamp(after.st_mtime, UTC)


def listed(manifest: Path) -> tuple[Listed, ...]:
    """Return the files of a manifest ``{"files": [{"name", "sha256", "rows"}]}``, in its order, beside it."""
    data, _ = bytes_of(manifest)
    document = read_json(data)
    files = document.get("files") if isinstance(document, dict) else None
    if not isinstance(files, list) or not files:
        raise Unreadable(f"清单 {manifest.name} 没有列出任何文件（files）；请重新生成清单")
    return tuple(
        _entry(entry, manifest, f"第 {number}/{len(files)} 个文件") for number, entry in enumerate(files, start=1)
    )


def _entry(sent: object, manifest: Path, place: str) -> Listed:
    entry = sent if isinstance(sent, dict) else {}
    name, digest, rows = (str(entry.get(key, "")) for key in ("name", "sha256", "rows"))
    if not name or Path(name).name != name or "\\" in name:
        raise Unreadable(f"清单 {manifest.name} {place}的 name 应是不含路径的文件名，实际是 {name[:80]!r}")
    if len(digest) != _DIGEST_LENGTH or not (rows.isascii() and rows.isdigit()):
        raise Unreadable(f"清单 {manifest.name} {place}（{name}）应有 sha256 与 rows；请重新生成清单")
    return Listed(manifest.parent / name, digest.lower(), int(rows), f"{place} {name}")
