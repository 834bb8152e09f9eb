"""A folder a city drops files in: is the file there and whole, recent, safe from others, and readable."""

from __future__ import annotations

import stat
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import cached_property
from pathlib import Path
from typing import cast

from citysync.domain.city import City
from citysync.domain.errors import SourceError, Unreadable
from citysync.domain.snapshot import Grade, RawPage, Snapshot
from connectors import pull
from connectors._door import Door
from connectors._drop import bytes_of, newest
from connectors._text import decode
from connectors.file_drop import Source
from flows.doctor.outcome import Link, Said, failed, passed, skipped, warned
from flows.doctor.rows import ROWS, Sample

MAX_AGE_DAYS = 7  # where the city's file says nothing
_XLSX = b"PK\x03\x04"


@dataclass
class Drop:
    """A city's file drop. ``pulled``: the whole of it, read without keeping anything."""

    city: City
    door: Door
    today: date

    @property
    def source(self) -> Source:
        """Return the source as its file describes it."""
        return cast("Source", self.city.source)

    @property
    def now(self) -> datetime:
        """Return the clock."""
        return self.door.now()

    @cached_property
    def path(self) -> Path:
        """Return the file, or the manifest, that would be read. Raises SourceError for none."""
        return Path(self.source.manifest) if self.source.manifest else newest(self.source.path)

    @cached_property
    def content(self) -> tuple[bytes, datetime] | SourceError:
        """Return the file's bytes and when it was changed, or why it cannot be had."""
        try:
            return bytes_of(self.path)
        except SourceError as error:
            return error

    @cached_property
    def pulled(self) -> tuple[Snapshot | SourceError, list[bytes]]:
        """Return the snapshot a pull would give, or why it gives none; and the bytes of its files."""
        files: list[bytes] = []

        def keep(data: bytes, number: int, url: str) -> RawPage:
            files.append(data)
            return self.door.keep(data, number, url)

        try:
            return pull(self.city, replace(self.door, keep=keep)), files
        except SourceError as error:
            return error, files

    @cached_property
    def sample(self) -> Sample:
        """Return the rows of the drop."""
        snapshot, _ = self.pulled
        if isinstance(snapshot, SourceError):
            raise snapshot
        return Sample(self.city, snapshot.rows, snapshot.unknown_fields, self.today)


def there(drop: Drop) -> Said:
    """Is the file there, readable, and no longer being written?"""
    content = drop.content
    if isinstance(content, SourceError):
        return failed(str(content), "请核对 path，或请市里上传；上传完成前不要改成最终文件名")
    if not content[0].strip():
        return failed(f"{drop.path.name} 是空的（0 字节）", "空文件不等于没有事项；请市里重新导出")
    return passed(f"{drop.path.name}，{len(content[0]):,} 字节")


def recent(drop: Drop) -> Said:
    """Was the file dropped recently?"""
    if isinstance(drop.content, SourceError):
        return skipped("没有文件")
    most = drop.city.expect.max_age_days or MAX_AGE_DAYS
    days = (drop.now - drop.content[1]).days
    text = f"最后更改于 {drop.content[1]:%Y-%m-%d %H:%M}（UTC），距今 {days} 天"
    return warned(f"{text}，超过 {most} 天", "请市里检查定时导出任务") if days > most else passed(text)


def safe(drop: Drop) -> Said:
    """Can nobody but its owner's group change the file or its folder?"""
    loose = [path for path in (drop.path, drop.path.parent) if _writable_by_all(path)]
    if loose:
        named = "、".join(str(path) for path in loose)
        return warned(f"任何用户都能改动 {named}", f"请执行 chmod o-w {loose[0]}")
    return passed("其他用户不能改动")


def whole(drop: Drop) -> Said:
    """Does the drop fit its manifest?"""
    if drop.source.manifest is None:
        return skipped("没有清单（manifest）：无法证明文件没有缺行")
    snapshot, _ = drop.pulled
    if isinstance(snapshot, SourceError):
        return failed(str(snapshot), "请市里重新生成清单与文件")
    if snapshot.certificate.grade is Grade.X:
        return failed("；".join(snapshot.certificate.problems), "请市里重新生成清单与文件，先传文件后传清单")
    return passed(snapshot.certificate.proof)


def decoded(drop: Drop) -> Said:
    """Can each file be decoded strictly?"""
    _, files = drop.pulled
    if not files or all(data.startswith(_XLSX) for data in files):
        return skipped("XLSX 不分编码" if files else "没有读到文件")
    try:
        for data in files:
            decode(data, drop.source.encoding)
    except Unreadable as error:
        return failed(str(error), "请市里统一以 UTF-8 导出，或在 source.encoding 写明")
    return passed("逐字节可解")


def read(drop: Drop) -> Said:
    """Is the file what its format says, with rows in it?"""
    snapshot, _ = drop.pulled
    if isinstance(snapshot, SourceError):
        return failed(str(snapshot), "请核对 format、items 与表头；文件有误时请市里重新导出")
    if snapshot.rows.is_empty():
        return failed("没有一行数据", "空文件不等于没有事项；请市里重新导出")
    return passed(f"{snapshot.rows.height:,} 行")


def _writable_by_all(path: Path) -> bool:
    try:
        mode = path.stat().st_mode
    except OSError:
        return False
    return bool(mode & stat.S_IWOTH) and not mode & stat.S_ISVTX


LINKS: tuple[Link[Drop], ...] = (
    Link("city.drop", there, holds=True),
    Link("city.drop_age", recent),
    Link("city.drop_rights", safe),
    Link("city.manifest", whole, holds=True),
    Link("city.encoding", decoded, holds=True),
    Link("city.envelope", read, holds=True),
    *ROWS,
)
