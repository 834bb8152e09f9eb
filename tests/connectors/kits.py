"""A city's kit in this process, on rows a test changes as it likes, and the province's nights against it."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import partial
from typing import Any

from citysync.domain.city import City
from citysync.domain.memory import LastGood
from citysync.domain.snapshot import INDEX_URL, Grade, RawPage, Snapshot
from citysync.kit.answers import Reply, answer
from citysync.kit.reading import Found, Row
from citysync.kit.server import KitServer
from citysync.kit.shelf import Shelf
from connectors import pull
from tests.connectors.doors import NOW, Memory, city_of, directory

Twist = Callable[[str, str, Reply], Reply]


@dataclass
class Rows:
    """A directory that lies nowhere but here; every look at it reads it anew."""

    rows: list[Row]

    def stamp(self, today: date) -> None:
        del today

    def read(self, today: date) -> Found:
        del today
        return Found(list(self.rows), NOW)


def plain(_method: str, _target: str, reply: Reply) -> Reply:
    return reply


@dataclass
class Kit:
    """A running kit. ``twist``: what becomes of an answer on its way out; ``asked``: what it was asked."""

    origin: Rows
    shelf: Shelf
    token: str | None = None
    twist: Twist = plain
    asked: list[str] = field(default_factory=list)
    sent: int = 0
    url: str = ""

    def answer(self, method: str, target: str, authorization: str, body: bytes) -> Reply:
        self.asked.append(f"{method} {target}")
        return self.twist(method, target, answer(self.shelf, self.token, method, target, authorization, body))


@contextmanager
def running(rows: list[Row] | int = 30, keep: int = 3, token: str | None = None) -> Iterator[Kit]:
    """Yield a kit that serves rows, or so many items, from a fresh look at every manifest."""
    origin = Rows(list(directory(rows)) if isinstance(rows, int) else rows)
    kit = Kit(origin, Shelf(origin, ("task_code",), lambda: NOW, timedelta(0), keep), token)
    server = KitServer(("127.0.0.1", 0), kit.answer)
    thread = threading.Thread(target=partial(server.serve_forever, 0.01), daemon=True)
    thread.start()
    kit.url = server.url
    try:
        yield kit
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@dataclass
class Nights:
    """A province that remembers: each pull rests on the last snapshot that was proved."""

    city: City
    kept: dict[str, bytes] = field(default_factory=dict)
    base: LastGood | None = None

    def pull(self) -> Snapshot:
        """Return tonight's snapshot, and remember it."""
        memory = Memory()

        def keep(data: bytes, number: int, url: str) -> RawPage:
            page = memory.keep(data, number, url)
            self.kept[page.sha256] = data
            return page

        door = replace(memory.door(), keep=keep, base=self.base, read=self.kept.__getitem__)
        snapshot = pull(self.city, door)
        if snapshot.certificate.grade is Grade.A:
            self.remember(snapshot)
        return snapshot

    def remember(self, snapshot: Snapshot) -> None:
        index = next(page.sha256 for page in snapshot.pages if page.url == INDEX_URL)
        self.base = LastGood("run", NOW.date(), snapshot.in_hand, index=index)


def kit_city(kit: Kit, **source: Any) -> City:
    return city_of({"connector": "kit", "url": kit.url, **source})


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
