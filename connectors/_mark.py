"""What a proved pull leaves for the next one that asks for changes only: since when, and whether it may be trusted.

The mark is a kept page of the snapshot (``INDEX_URL``), so that it moves with the snapshot in force and not before: a
pull that was never adopted, or never published, leaves the old one. It is heard over the tape, as everything is.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from citysync.domain.city import City, SourceBase
from citysync.domain.errors import StorageError
from citysync.domain.memory import LastGood
from citysync.domain.snapshot import INDEX_URL, RawPage
from connectors._door import Door
from connectors._kit_index import mapping_of
from connectors._tape import Heard

_KIND = "changes-1"
_ZONE = ZoneInfo("Asia/Shanghai")
_OPEN = frozenset({"timeout_seconds", "budget_seconds"})  # of a source: they change nothing of what comes


@dataclass(frozen=True)
class Mark:
    """Where the next pull goes on.

    ``since``: everything that happened before is in the snapshot, None where changes are not asked by time;
    ``whole_on``: the day of the last whole pull; ``turn``: how many samples were drawn, so that the next is another
    one; ``unknown``: fields nobody decided about; ``caught``: what the last whole pull found that the changes had not
    told, for people; ``more``: what a connector adds.
    """

    since: datetime | None
    whole_on: date
    turn: int = 0
    unknown: tuple[str, ...] = ()
    caught: str | None = None
    more: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Past:
    """The snapshot in force with its mark. ``why``: why there is none, for people, None at the first pull."""

    base: LastGood | None = None
    mark: Mark | None = None
    why: str | None = None


def day_of(moment: datetime) -> date:
    """Return the day a moment belongs to where the cities are."""
    return moment.astimezone(_ZONE).date()


def remembered(city: City, door: Door, number: int) -> Past:
    """Return what a pull can rest on.

    ``number``: of the page the mark is kept as again: what a pull relies on is evidence of its own.
    """
    base = door.base
    if base is None:
        return Past()
    index = base.index
    if index is None:
        return Past(why="现行快照没有留下增量的起点")
    heard = door.tape.hear(f"mark {index}", lambda: _read(door, index))
    if "lost" in heard.facts:
        return Past(why="上次的增量起点已不可读")
    door.keep(heard.data, number, f"{INDEX_URL}?before")
    document = json.loads(heard.data)
    if document.get("index") != _KIND or document.get("mapping") != _mapping(city, door):
        return Past(why="城市文件的来源或字段设置，或程序的规则，已改变")
    if base.rows.height == 0:
        return Past(why="现行快照没有一条")
    return Past(base, _mark(document["mark"]))


def carried(door: Door, number: int) -> tuple[RawPage, ...]:
    """Keep the mark of the snapshot in force for one that rests on it: what was told since then is told again."""
    index = None if door.base is None else door.base.index
    if index is None:
        return ()
    heard = door.tape.hear(f"mark {index}", lambda: _read(door, index))
    return () if "lost" in heard.facts else (door.keep(heard.data, number, INDEX_URL),)


def too_old(past: Past, today: date, whole_every_days: int) -> str | None:
    """Return why everything is pulled although the past is known, None where changes will do."""
    if past.base is None or past.mark is None:
        return past.why
    if not past.base.latest:
        return "上次运行的结果没有被采用"
    if past.mark.caught is not None:
        return f"上次整体拉取证明增量不可信（{past.mark.caught}），须再有一次整体拉取与所告知的变更一致"
    days = (today - past.mark.whole_on).days
    return f"每 {whole_every_days} 天一次" if not 0 <= days < whole_every_days else None


def kept(mark: Mark, city: City, door: Door, number: int) -> RawPage:
    """Keep the mark of a proved snapshot for the next pull; return the page it is kept as."""
    document = {"index": _KIND, "mapping": _mapping(city, door), "mark": asdict(mark)}
    return door.keep(json.dumps(document, ensure_ascii=False, default=_text).encode(), number, INDEX_URL)


def _read(door: Door, sha256: str) -> Heard:
    try:
        return Heard(door.read(sha256))
    except StorageError as error:
        return Heard(facts={"lost": str(error)})


def _mapping(city: City, door: Door) -> str:
    """Return what tells whether the source would be asked, and its rows be read, the same way now."""
    source: SourceBase = city.source
    asked = source.model_dump(mode="json", exclude=set(_OPEN))
    facts = [mapping_of(city, door), asked, city.values.get("cd_operation")]
    return hashlib.sha256(json.dumps(facts, ensure_ascii=False, sort_keys=True).encode()).hexdigest()


def _mark(document: Mapping[str, Any]) -> Mark:
    since = document["since"]
    return Mark(
        since=None if since is None else datetime.fromisoformat(since),
        whole_on=date.fromisoformat(document["whole_on"]),
        turn=int(document["turn"]),
        unknown=tuple(document["unknown"]),
        caught=document["caught"],
        more=document["more"],
    )


def _text(value: date) -> str:
    return value.isoformat()
