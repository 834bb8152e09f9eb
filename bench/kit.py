"""A city's kit with 0.1 % changed overnight: bytes on the wire, round trips and time, against a whole pull."""

from __future__ import annotations

import hashlib
import random
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from citysync.domain.city import City
from citysync.domain.items import NAMES
from citysync.domain.memory import LastGood
from citysync.domain.snapshot import INDEX_URL, RawPage, Snapshot
from citysync.kit.answers import Reply, answer
from citysync.kit.reading import Found, Row
from citysync.kit.server import KitServer
from citysync.kit.shelf import Shelf
from connectors import pull, source_model
from connectors._door import Door

BODY = "11440300007541182"
SHARE = 1_000  # one row in so many is changed
RUN = 50
REQUEST_HEADERS = 200  # bytes a request carries beside address and body, about
TEXTS = 20_000
HEAD = (
    "| items | night | bytes | of the whole | requests | wall s | CPU s (both sides) |\n"
    "| --- | --- | --- | --- | --- | --- | --- |\n"
)
WORDS = "办理登记许可备案审核变更注销延续补发核准检验鉴定公开咨询投诉受理企业个人房产车辆社保医疗教育环保水务交通"


@dataclass
class Wire:
    """What crossed it."""

    sent: int = 0
    asked: list[str] = field(default_factory=list)

    def reset(self) -> None:
        """Begin to count anew."""
        self.sent = 0
        self.asked.clear()


@dataclass
class Rows:
    """A directory in memory."""

    rows: list[Row]

    def stamp(self, today: date) -> None:
        """Return nothing: every look reads."""
        del today

    def read(self, today: date) -> Found:
        """Return the rows."""
        del today
        return Found(list(self.rows), None)


class _Counted(socket.socket):
    wire: Wire

    def sendall(self, data: Any, flags: int = 0) -> None:  # noqa: ANN401 — the library's
        self.wire.sent += len(data)
        super().sendall(data, flags)


class _CountingServer(KitServer):
    wire: Wire

    def get_request(self) -> tuple[socket.socket, Any]:
        """Return a connection whose bytes are counted."""
        connection, address = super().get_request()
        counted = _Counted(fileno=connection.detach())
        counted.wire = self.wire
        return counted, address


@contextmanager
def served(shelf: Shelf, wire: Wire) -> Iterator[str]:
    """Yield the address of a kit."""

    def counted(method: str, target: str, authorization: str, body: bytes) -> Reply:
        wire.asked.append(f"{method} {target[:60]}")
        wire.sent += REQUEST_HEADERS + len(target) + len(body)
        return answer(shelf, None, method, target, authorization, body)

    server = _CountingServer(("127.0.0.1", 0), counted)
    server.wire = wire
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.url
    finally:
        server.shutdown()
        server.server_close()


def directory(items: int, seed: int = 7) -> list[Row]:
    """Return that many items of 25 columns, their texts drawn from 20,000 ones."""
    chance = random.Random(seed)
    texts = ["".join(chance.choices(WORDS, k=chance.randint(8, 60))) for _ in range(TEXTS)]
    columns = [name for name in NAMES if name != "task_code"][:24]
    return [
        {
            "task_code": f"{BODY}A3{number:012d}",
            **{
                name: chance.choice(texts) if place % 2 else str(chance.randint(0, 99))
                for place, name in enumerate(columns)
            },
        }
        for number in range(items)
    ]


class Province:
    """The connector with a memory of last night."""

    def __init__(self, url: str) -> None:
        model = source_model("kit")
        if model is None:
            raise SystemExit("no connector kit")
        source = model.model_validate({"connector": "kit", "url": url, "whole_every": 31})
        self.city = City(code="440300", name="深圳市", counties=(), source=source)
        self.kept: dict[str, bytes] = {}
        self.base: LastGood | None = None

    def pull(self) -> Snapshot:
        """Return what tonight gives; it is tomorrow's base."""
        now = datetime.now(UTC)

        def keep(data: bytes, number: int, url: str) -> RawPage:
            sha256 = hashlib.sha256(data).hexdigest()
            self.kept[sha256] = data
            return RawPage(number, url, sha256, len(data), now)

        door = Door(keep, lambda _: "", lambda: now, time.monotonic, lambda _: None)
        snapshot = pull(self.city, replace(door, base=self.base, read=self.kept.__getitem__))
        index = next(page.sha256 for page in snapshot.pages if page.url == INDEX_URL)
        self.base = LastGood("bench", now.date(), snapshot.in_hand, index=index)
        return snapshot


def scattered(rows: list[Row]) -> None:
    """Change one row in a thousand anywhere."""
    for place in random.Random(1).sample(range(len(rows)), len(rows) // SHARE):
        rows[place] = {**rows[place], "task_name": f"{rows[place]['task_name']}改"}


def in_runs(rows: list[Row]) -> None:
    """Change as many, in runs of fifty neighbours."""
    chance, left = random.Random(2), len(rows) // SHARE
    while left > 0:
        start = chance.randrange(len(rows) - RUN)
        for place in range(start, start + min(RUN, left)):
            rows[place] = {**rows[place], "task_name": f"{rows[place]['task_name']}连"}
        left -= RUN


NIGHTS: tuple[tuple[str, Callable[[list[Row]], None] | None, bool], ...] = (
    ("whole", None, False),
    ("nothing changed", lambda _rows: None, False),
    ("0.1 % scattered, list of changes", scattered, False),
    ("0.1 % scattered, digest tree", scattered, True),
    ("0.1 % in runs of 50, digest tree", in_runs, True),
)


def measure(items: int) -> Iterator[str]:
    """Yield the rows of the table for a directory of so many items."""
    wire, origin = Wire(), Rows(directory(items))
    shelf = Shelf(origin, ("task_code",), lambda: datetime.now(UTC), timedelta(days=1), 2)
    whole = 0
    with served(shelf, wire) as url:
        province = Province(url)
        for name, change, forgets in NIGHTS:
            if change is not None:
                change(origin.rows)
            published(shelf, origin, forgets=forgets)
            wire.reset()
            wall, cpu = time.perf_counter(), time.process_time()
            snapshot = province.pull()
            wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
            whole = whole or wire.sent
            if snapshot.certificate.grade.value != "A" or snapshot.rows.height != items:
                raise SystemExit(f"{name}: {snapshot.certificate}")
            share = f"{wire.sent / whole:.3%}"
            yield f"| {items:,} | {name} | {wire.sent:,} | {share} | {len(wire.asked)} | {wall:.2f} | {cpu:.2f} |"


def published(shelf: Shelf, origin: Rows, *, forgets: bool, field: str = "task_name") -> None:
    """Let the kit read anew; ``forgets``: twice, so that the state last pulled is gone."""
    if forgets:
        first = origin.rows[0]
        origin.rows[0] = {**first, field: "其间"}
        shelf.look_again()
        origin.rows[0] = {**first, field: f"{first[field]}又"}
    shelf.look_again()


def main(sizes: Sequence[str] = ()) -> None:
    """Print the table for directories of these sizes."""
    sys.stdout.write(HEAD)
    for items in (int(size) for size in sizes or ("10000", "100000")):
        for row in measure(items):
            sys.stdout.write(f"{row}\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1:])
