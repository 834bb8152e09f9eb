"""The machine we run on: disk, folders, calendar, and the way out of our own network."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

from citysync.config.settings import Settings
from citysync.domain.workdays import Calendar
from flows.doctor.outcome import Said, failed, passed, skipped, warned
from flows.probe import answers

LOW_DISK_BYTES = 2 * 1024**3
CALENDAR_DUE = (12, 1)  # the State Council publishes next year's calendar in November
_HALF_FILES = ".tmp-*"  # storage.pages writes under such names and renames
_HALF_FILE_AGE = timedelta(hours=12)


@dataclass(frozen=True)
class Machine:
    """Where we run. ``receipts``: the folder ``citysync receipt`` writes to unless told otherwise."""

    settings: Settings
    calendar: Calendar
    now: datetime
    today: date
    receipts: Path = Path("receipts")


def disk_free(machine: Machine) -> Said:
    """Is there room for a night of raw pages and snapshots?"""
    return room(shutil.disk_usage(_existing(machine.settings.data_dir)).free)


def room(free: int) -> Said:
    """Return what so many free bytes mean."""
    text = f"剩余 {free // 1024**2:,} MiB"
    if free < LOW_DISK_BYTES:
        return warned(text, "请清理磁盘，citysync purge 看可清除多少旧证据；写不下时运行会中断，已有数据不受影响")
    return passed(text)


def data_folder(machine: Machine) -> Said:
    """Can we write into the data folder?"""
    return _writable(machine.settings.data_dir, "请检查 CITYSYNC_DATA_DIR 的属主与权限")


def receipts_folder(machine: Machine) -> Said:
    """Can receipts be written where they go by default?"""
    return _writable(machine.receipts.absolute(), "请检查文件夹的属主与权限，或用 --out 写到别处")


def half_files(machine: Machine) -> Said:
    """Are no half-written files left from killed processes?"""
    before = (machine.now - _HALF_FILE_AGE).timestamp()
    found = [path for path in machine.settings.data_dir.rglob(_HALF_FILES) if _older(path, before)]
    if found:
        return warned(f"{len(found)} 个写了一半的文件，例如 {found[0]}", "来自被中断的运行，可以删除；结果不受影响")
    return passed("没有写了一半的文件")


def calendar_known(machine: Machine) -> Said:
    """Are this year's working days known, and from 1 December next year's?"""
    today, last = machine.today, machine.calendar.last_year
    due = today.year > last or ((today.month, today.day) >= CALENDAR_DUE and today.year + 1 > last)
    text = f"工作日历到 {last} 年"
    if due:
        remedy = "请按国务院办公厅通知补充 citysync/domain/workdays.csv；在此之前期限只能按周末推算（估算）"
        return failed(text, remedy)
    return passed(text)


def egress(machine: Machine) -> Said:
    """Does an address of our own answer? If not, no city can be blamed for not answering us."""
    url = machine.settings.probe_url
    if url is None:
        return skipped("没有设置 CITYSYNC_PROBE_URL；运行时以“是否有任何城市应答”代替")
    if answers(url):
        return passed(f"{url} 可以连通")
    return failed(f"{url} 无法连通", "先检查省平台自己的网络出口与 DNS；在此之前不要联系任何城市")


def _writable(folder: Path, remedy: str) -> Said:
    standing = _existing(folder)
    try:
        with tempfile.TemporaryFile(dir=standing):
            pass
    except OSError as error:
        return failed(f"{standing} 无法写入：{error.strerror}", remedy)
    return passed(f"{folder} 可写" if standing == folder else f"{folder} 尚未建立，可以建立")


def _existing(folder: Path) -> Path:
    folder = folder.resolve()
    while not folder.exists():
        folder = folder.parent
    return folder


def _older(path: Path, before: float) -> bool:
    try:
        return path.stat().st_mtime < before
    except FileNotFoundError:  # its writer finished meanwhile
        return False
