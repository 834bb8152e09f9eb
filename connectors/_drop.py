"""The folder a city drops its files in: which files count, their bytes, and the manifest beside them."""

from __future__ import annotations

import errno
import glob
import os
import stat
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

from citysync.domain.errors import OverBudget, Unreachable, Unreadable
from citysync.domain.verdict import Fault
from connectors._moments import instant
from connectors._text import read_json

MOST_FILES = 1_000
_LARGEST = 512 * 2**20
_DIGEST_LENGTH = 64


@dataclass(frozen=True, slots=True)
class Listed:
    """One file a manifest lists, with what it must be; ``place`` names it in texts, ``path`` is where it should be.

    ``changed_at``: when the city says that its data last changed, None where it does not.
    """

    path: str
    sha256: str
    rows: int
    place: str
    changed_at: datetime | None = None


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
    """Return a regular file's bytes and when it was changed; refuses one that is still being written, and links."""
    try:
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as file:
            before = os.fstat(file.fileno())
            if not stat.S_ISREG(before.st_mode):
                raise Unreadable(f"{path.name} 不是普通文件（链接、目录或设备）；请直接存放文件")
            refuse_size(path.name, before.st_size)
            data = file.read(_LARGEST)
            after = os.fstat(file.fileno())
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise Unreadable(f"{path.name} 是符号链接，不予跟随；请直接存放文件") from error
        missing = Fault.CITY if isinstance(error, FileNotFoundError) else None
        raise Unreachable(f"无法读取文件 {path.name}（{error.strerror}）；请检查路径与权限", fault=missing) from error
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns) or len(data) != after.st_size:
        raise unfinished(path.name)
    return data, datetime.fromtimestamp(after.st_mtime, UTC)


def refuse_size(name: str, size: int) -> None:
    """Raise ``OverBudget`` for a file larger than any directory."""
    if size > _LARGEST:
        raise OverBudget(f"{name} 有 {size / 2**20:,.0f} MB，超过上限 {_LARGEST // 2**20} MB；请市里检查文件")


def unfinished(name: str) -> Unreachable:
    """Return the error of a file that is still being uploaded."""
    return Unreachable(f"{name} 上传未完成（读取期间仍在变化）；请稍后重试", fault=Fault.CITY)


def listed(manifest: str, data: bytes) -> tuple[Listed, ...]:
    """Return the files of a manifest ``{"files": [{"name", "sha256", "rows"}]}``, in its order, beside it.

    ``changed_at`` may stand beside ``files``, or in an entry for that file.
    """
    place = PurePosixPath(manifest)
    document = read_json(data)
    told = document if isinstance(document, dict) else {}
    files, changed_at = told.get("files"), told.get("changed_at")
    if not isinstance(files, list) or not files:
        raise Unreadable(f"清单 {place.name} 没有列出任何文件（files）；请重新生成清单")
    if len(files) > MOST_FILES:
        raise OverBudget(f"清单 {place.name} 列出 {len(files):,} 个文件，超过上限 {MOST_FILES:,}")
    numbered = enumerate(files, start=1)
    return tuple(_entry(each, place, f"第 {n}/{len(files)} 个文件", changed_at) for n, each in numbered)


def _entry(sent: object, manifest: PurePosixPath, place: str, changed_at: object) -> Listed:
    entry = sent if isinstance(sent, dict) else {}
    name, digest, rows = (str(entry.get(key, "")) for key in ("name", "sha256", "rows"))
    if not name or Path(name).name != name or "\\" in name:
        raise Unreadable(
            f"清单 {manifest.name} {place}的 name 应是不含路径的文件名，实际是 {name[:80]!r}；请重新生成清单"
        )
    if len(digest) != _DIGEST_LENGTH or not (rows.isascii() and rows.isdigit()):
        raise Unreadable(f"清单 {manifest.name} {place}（{name}）应有 sha256 与 rows；请重新生成清单")
    told = entry.get("changed_at") or changed_at
    moment = instant(str(told)) if told else None
    return Listed(str(manifest.parent / name), digest.lower(), int(rows), f"{place} {name}", moment)
