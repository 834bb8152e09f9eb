"""Which files of a folder are today's directory: the day and the part in their names. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from citysync.domain.errors import Unreadable
from connectors._folder import Entry

_DAY = re.compile(r"(?<![0-9])(20[0-9]{2})[-_.]?([01][0-9])[-_.]?([0-3][0-9])(?![0-9])")
_PART = re.compile(r"0*([0-9]{1,4})(?:部分)?[-_ ]?(?:of|共)[-_ ]?0*([0-9]{1,4})", re.IGNORECASE)
_MOST_PARTS = 1_000


@dataclass(frozen=True, slots=True)
class Choice:
    """The files to read, in order. ``missing``: parts that are not there; ``doubt``: why they may not be all."""

    files: tuple[Entry, ...]
    missing: tuple[str, ...] = ()
    doubt: str | None = None


def day_of(name: str) -> date | None:
    """Return the day a file is named for, None without one."""
    for year, month, day in _DAY.findall(name):
        try:
            return date(int(year), int(month), int(day))
        except ValueError:
            continue
    return None


def chosen(entries: Sequence[Entry], today: date) -> Choice:
    """Return the newest file by the day in its name, then by name; with it, the other parts of a drop in parts.

    Raises ``Unreadable`` for a file named for a day to come. Two files of one day that are no parts of one drop may be
    two versions or two halves: the later one is taken, and the doubt told.
    """
    newest = max(entries, key=lambda entry: (day_of(entry.name) or date.min, entry.name))
    day = day_of(newest.name)
    if day is not None and day > today:
        raise Unreadable(f"{newest.name} 的文件名日期 {day} 晚于今天 {today}；请核对文件名，或清理误放的文件")
    if part := _PART.search(newest.name):
        return _parts(entries, newest, int(part[2]))
    same = [entry for entry in entries if day is not None and day_of(entry.name) == day]
    if len(same) < 2:  # noqa: PLR2004 — two files of one day
        return Choice((newest,))
    latest = max(same, key=lambda entry: (entry.changed, entry.name))
    names = "、".join(sorted(entry.name for entry in same)[:5])
    doubt = f"同一天有 {len(same)} 个文件（{names}），取最后写入的 {latest.name}；没有清单，无法判断是新版还是分卷"
    return Choice((latest,), doubt=doubt)


def _parts(entries: Sequence[Entry], newest: Entry, count: int) -> Choice:
    stem = _PART.sub("#", newest.name)
    found: dict[int, Entry] = {}
    for entry in entries:
        part = _PART.search(entry.name)
        if part is not None and int(part[2]) == count and _PART.sub("#", entry.name) == stem:
            found[int(part[1])] = entry
    if not 0 < count <= _MOST_PARTS:
        raise Unreadable(f"{newest.name} 写明共 {count} 个文件，无法理解；请核对文件名")
    missing = tuple(f"缺少第 {number}/{count} 个文件" for number in range(1, count + 1) if number not in found)
    return Choice(tuple(found[number] for number in sorted(found)), missing)
