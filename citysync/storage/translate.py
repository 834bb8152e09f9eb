"""What a database or a disk refused, said once in words that name the place and the next step.

Parameters and URLs never enter a text: only the place as people may see it, and the driver's own words with the
password masked.
"""

from __future__ import annotations

import errno
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import sqlalchemy as sa

from citysync.domain.errors import StorageError

_RESTORE = "请先停止写入，再用最近的备份替换该文件（连同旁边的 -wal、-shm 一起移走），不要删除后重建"
_MOST_WORDS = 300


class Disconnected(StorageError):
    """The database went away in the middle; what was under way was rolled back or is kept whole."""

    reason = "storage_disconnected"
    retryable = True


@dataclass(frozen=True, slots=True)
class Place:
    """Where a ledger lives, as people may see it; ``secret`` is masked in whatever a driver says."""

    name: str
    busy_seconds: float
    secret: str | None = field(default=None, repr=False)

    def said(self, error: BaseException | None) -> str:
        """Return a driver's words on one line, without the password."""
        words = " ".join(str(error).split())[:_MOST_WORDS]
        return words.replace(self.secret, "***") if self.secret else words


@contextmanager
def translated(place: Place) -> Iterator[None]:
    """Turn what the database refuses in this block into a ``StorageError``."""
    try:
        yield
    except sa.exc.DBAPIError as error:
        raise refused(error, place) from error
    except sa.exc.TimeoutError as error:
        raise StorageError(f"台账 {place.name} 的连接都在使用中，没有等到空闲的；请减少并行的城市数后重试") from error


def refused(error: sa.exc.DBAPIError, place: Place) -> StorageError:
    """Return the StorageError that says what a database driver refused."""
    if isinstance(error.orig, sqlite3.Error):
        return _of_sqlite(error.orig, place)
    return _of_postgresql(error, place)


def _of_sqlite(error: sqlite3.Error, place: Place) -> StorageError:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # the low byte is the kind, the rest its detail
    name = getattr(error, "sqlite_errorname", type(error).__name__)
    texts = {
        sqlite3.SQLITE_BUSY: f"正被另一个进程占用，等了 {place.busy_seconds:g} 秒仍未轮到；请稍后重试，"
        "或查出长时间占用它的进程",
        sqlite3.SQLITE_READONLY: "只读，写不进去；请检查文件、所在文件夹的权限和磁盘的挂载方式",
        sqlite3.SQLITE_CANTOPEN: "打不开；请检查所在文件夹是否存在、当前用户能否读写",
        sqlite3.SQLITE_FULL: f"未写入：磁盘空间不足{_room(Path(place.name))}；请清理磁盘后重试，已有内容未受影响",
        sqlite3.SQLITE_IOERR: f"读写时磁盘出错（{name}）；请检查磁盘空间、配额，台账不要放在网络盘上",
        sqlite3.SQLITE_CORRUPT: f"已损坏（{place.said(error)}）；{_RESTORE}",
        sqlite3.SQLITE_NOTADB: f"不是数据库文件或已损坏；{_RESTORE}",
        sqlite3.SQLITE_CONSTRAINT: f"拒绝了互相矛盾的记录（{place.said(error)}）；未写入任何内容",
    }
    return StorageError(f"台账 {place.name} " + texts.get(code, f"出错（{name}：{place.said(error)}）；未写入任何内容"))


def damaged(place: Place, found: str) -> StorageError:
    """Return the StorageError for a ledger whose inner check failed."""
    return StorageError(f"台账 {place.name} 已损坏（{' '.join(found.split())[:_MOST_WORDS]}）；{_RESTORE}")


# SQLSTATE, longest match first: what happened and what to do next.
_POSTGRESQL = {
    "28": "拒绝了账号或密码；请检查 CITYSYNC_DATABASE_URL 与数据库的 pg_hba.conf",
    "3D000": "这个库不存在；请先建库（createdb），或改正 CITYSYNC_DATABASE_URL",
    "42501": "账号没有所需的权限；请授予建表和读写的权限",
    "25006": "只读，写不进去；请检查连接的是不是主库",
    "53100": "未写入：数据库的磁盘空间不足；请清理后重试",
    "53300": "连接数已满；请稍后重试或提高 max_connections",
    "55P03": "正被另一个进程占用，等了 {seconds:g} 秒仍未轮到；请稍后重试，或查出长时间占用它的会话",
    "40": "与另一个会话冲突，已整体回滚；请重试",
    "23": "拒绝了互相矛盾的记录；未写入任何内容",
}
_SPOKEN = {"FATAL: role": "28", "authentication failed": "28", "does not exist": "3D000", "too many clients": "53300"}


def _of_postgresql(error: sa.exc.DBAPIError, place: Place) -> StorageError:
    said = place.said(error.orig)
    state = getattr(error.orig, "sqlstate", None)
    if state is None and not error.connection_invalidated:  # libpq gives no SQLSTATE while connecting
        state = next((code for words, code in _SPOKEN.items() if words in said), None)
    text = next((text for start, text in _POSTGRESQL.items() if (state or "").startswith(start)), None)
    if text is not None:
        return StorageError(f"台账 {place.name} {text.format(seconds=place.busy_seconds)}（{said}）")
    if isinstance(error, sa.exc.OperationalError | sa.exc.InterfaceError):
        return Disconnected(
            f"台账 {place.name} 连不上或中途断开；请检查数据库是否在运行、地址与网络，然后重试（{said}）"
        )
    return StorageError(f"台账 {place.name} 出错；未写入任何内容（{said}）")


def _room(path: Path) -> str:
    """Return in words how much room is left where a file should be, "" where that cannot be known."""
    place = next((each for each in path.absolute().parents if each.is_dir()), None)
    return "" if place is None else f"（剩余 {shutil.disk_usage(place).free // 2**20:,} MB）"


@contextmanager
def on_disk(path: Path, deed: str) -> Iterator[None]:
    """Turn what the disk refuses in this block into a ``StorageError``; ``deed`` says what was being done."""
    try:
        yield
    except OSError as error:
        remedies = {
            errno.ENOSPC: f"磁盘空间不足{_room(path)}；请清理磁盘后重试",
            errno.EDQUOT: "磁盘配额已满；请清理或提高配额后重试",
            errno.EFBIG: "超过了允许的文件大小；请检查磁盘与进程的限额",
            errno.EROFS: "磁盘只读；请检查挂载方式",
            errno.EACCES: "没有权限；请检查文件夹的属主和权限",
            errno.ENOENT: "文件或文件夹不在；请检查证据文件夹是否被移动或清理过",
        }
        remedy = remedies.get(error.errno or 0, f"{error.strerror}；请检查磁盘")
        raise StorageError(f"{deed} {path} 失败：{remedy}") from error
