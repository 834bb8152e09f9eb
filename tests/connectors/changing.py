"""A city whose interface tells what changed since a moment, honestly or not, and the province's nights against it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any
from zoneinfo import ZoneInfo

from citysync.domain.city import City
from citysync.domain.memory import LastGood
from citysync.domain.snapshot import INDEX_URL, Grade, RawPage, Snapshot
from connectors import pull
from tests.builders import an_item
from tests.connectors.doors import NOW, Memory, city_of, code
from tests.connectors.site import Asked, Sent, Site, sends, site

ZONE = ZoneInfo("Asia/Shanghai")
WRITTEN = "%Y-%m-%d %H:%M:%S"
Row = dict[str, str | None]
Lie = Callable[[Asked, list[Row]], list[Row]]


def honest(_asked: Asked, rows: list[Row]) -> list[Row]:
    """Return the rows of an answer as they are."""
    return rows


@dataclass
class Directory:
    """A city's directory, what happened to it by the city's clock, and what is told of it.

    ``ahead``: how far the city's clock is from ours; ``lie``: what becomes of the rows of an answer about changes;
    ``forgets``: ``since`` is not heard; ``miscounts``: how far the total is off; ``dated``: answers carry ``Date``.
    """

    rows: dict[str, Row] = field(default_factory=dict)
    stamps: dict[str, datetime] = field(default_factory=dict)
    removed: dict[str, datetime] = field(default_factory=dict)
    now: datetime = NOW
    ahead: timedelta = timedelta(0)
    lie: Lie = honest
    forgets: bool = False
    miscounts: int = 0
    dated: bool = True
    apart: bool = False
    size: int = 10

    def put(self, number: int, at: datetime | None = None, **changes: str | None) -> None:
        """Insert an item or update it, stamped with the city's clock unless ``at`` says when."""
        key = code(number)
        known = self.rows.get(key) or an_item(task_code=key, task_name=f"事项{number}")
        self.rows[key] = {**known, **changes}
        self.stamps[key] = at or self.clock
        self.removed.pop(key, None)

    def remove(self, number: int, at: datetime | None = None) -> None:
        """Delete an item."""
        if self.rows.pop(code(number), None) is not None:
            self.removed[code(number)] = at or self.clock

    def silently(self, number: int, **changes: str | None) -> None:
        """Change an item without its stamp: nobody is told."""
        self.rows[code(number)] = {**self.rows[code(number)], **changes}

    @property
    def clock(self) -> datetime:
        """Return the time in the city."""
        return self.now + self.ahead

    def answer(self, asked: Asked) -> Sent:
        """Return a page of the directory, or of what changed."""
        since = None if self.forgets else asked.query.get("since")
        rows = list(self.rows.values()) if since is None else self.lie(asked, self.changed(since))
        if "code" in asked.query:
            rows = [row for row in rows if row["task_code"] == asked.query["code"]]
        total = len(rows) + (self.miscounts if since is None else 0)
        gone = [] if since is None or not self.apart else self.lie(asked, self.tombstones(since))
        if "cursor" in asked.query or asked.path == "/cursor":
            start = int(asked.query.get("cursor") or 0)
            following = str(start + self.size) if start + self.size < len(rows) else None
        else:
            start, following = (int(asked.query["page"]) - 1) * self.size, None
        data = {"list": rows[start : start + self.size], "total": total, "next": following, "gone": gone}
        sent = sends({"code": 200, "data": data})
        return replace(sent, headers={"Date": format_datetime(self.clock, usegmt=True)}) if self.dated else sent

    def changed(self, since: str) -> list[Row]:
        """Return the rows that were stamped since, and the tombstones, unless they are told apart."""
        start = datetime.strptime(since, WRITTEN).replace(tzinfo=ZONE)
        rows = [{**row, "op": "u"} for key, row in self.rows.items() if self.stamps[key] >= start]
        return rows if self.apart else [*rows, *self.tombstones(since)]

    def tombstones(self, since: str) -> list[Row]:
        start = datetime.strptime(since, WRITTEN).replace(tzinfo=ZONE)
        return [{"task_code": key, "op": "d"} for key, at in self.removed.items() if at >= start]


def a_directory(count: int, **facts: Any) -> Directory:
    """Return a directory of so many items, all a month old."""
    found = Directory(**facts)
    for number in range(1, count + 1):
        found.put(number, NOW - timedelta(days=30))
    return found


@dataclass
class Nights:
    """A province that remembers: each pull rests on the last snapshot that was adopted."""

    city: City
    directory: Directory
    server: Site
    kept: dict[str, bytes] = field(default_factory=dict)
    base: LastGood | None = None
    behind: timedelta = timedelta(0)

    def pull(self, *, days: int = 1, adopt: bool = True, **door: Any) -> Snapshot:
        """Return the snapshot of the night so many days later, and remember it."""
        self.directory.now += timedelta(days=days)
        self.server.asked.clear()
        snapshot = pull(self.city, replace(self.door(), **door))
        if adopt and snapshot.certificate.grade is Grade.A:
            self.remember(snapshot)
        return snapshot

    def whole(self) -> Snapshot:
        """Return what a whole pull says now; nothing is remembered of it."""
        return pull(self.city, replace(self.door(), base=None))

    def door(self) -> Any:
        memory = Memory()

        def keep(data: bytes, number: int, url: str) -> RawPage:
            page = memory.keep(data, number, url)
            self.kept[page.sha256] = data
            return page

        now = self.directory.now
        return replace(memory.door(), keep=keep, base=self.base, read=self.kept.__getitem__, now=lambda: now)

    def remember(self, snapshot: Snapshot) -> None:
        index = next((page.sha256 for page in snapshot.pages if page.url == INDEX_URL), None)
        self.base = LastGood("run", snapshot.taken_at.astimezone(UTC).date(), snapshot.in_hand, index=index)

    @property
    def questions(self) -> list[str]:
        """Return what was asked in the last night: ``since``, or which page."""
        asked = [each.query for each in self.server.asked]
        return ["since" if "since" in each else each.get("page") or each.get("cursor", "first") for each in asked]


CHANGES: dict[str, Any] = {"param": "since", "gone": {"path": "op", "equals": "d"}}


@contextmanager
def nights(directory: Directory, *, cursor: bool = False, **changes: Any) -> Iterator[Nights]:
    """Yield a province of one city that tells changes, nothing pulled yet."""
    with site(directory.answer) as server:
        common = {"items": "data.list", "total": "data.total", "ok": {"path": "code", "equals": "200"}}
        if cursor:
            asked: dict[str, Any] = {"connector": "http_cursor", "cursor_param": "cursor", "cursor": "data.next"}
        else:
            asked = {"connector": "http_pages", "page_param": "page", "size_param": "size", "page_size": directory.size}
        place = f"{server.url}/{'cursor' if cursor else 'items'}"
        source: dict[str, Any] = {**asked, **common, "url": place, "changes": {**CHANGES, **changes}}
        yield Nights(city_of(source, ignore=("op",)), directory, server)
