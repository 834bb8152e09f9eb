"""A door that keeps everything in memory, and a city behind it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from citysync.domain import items
from citysync.domain.city import City
from citysync.domain.snapshot import RawPage, Snapshot
from connectors import pull, source_model
from connectors._door import Door
from tests.builders import BODY, an_item

NOW = datetime(2026, 11, 23, 17, 30, tzinfo=UTC)
CANARY = "canary-5f3a/91+x=="
PAGES: dict[str, Any] = {
    "connector": "http_pages",
    "page_param": "page",
    "items": "data.list",
    "total": "data.total",
    "ok": {"path": "code", "equals": "200"},
}


@dataclass
class Memory:
    """What passed through the door."""

    kept: list[tuple[int, str, bytes]] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    waited: list[float] = field(default_factory=list)
    seconds: float = 0.0
    tick: float = 0.0

    def keep(self, data: bytes, number: int, url: str) -> RawPage:
        self.kept.append((number, url, data))
        return RawPage(number, url, hashlib.sha256(data).hexdigest(), len(data), NOW)

    def wait(self, seconds: float) -> None:
        self.waited.append(seconds)
        self.seconds += seconds

    def monotonic(self) -> float:
        self.seconds += self.tick
        return self.seconds

    def door(self, columns: tuple[str, ...] = items.NAMES) -> Door:
        return Door(self.keep, lambda _: CANARY, lambda: NOW, self.monotonic, self.told.append, columns, self.wait)


def city_of(source: Mapping[str, Any], **changes: Any) -> City:
    """Return 深圳市 behind a source written as in a city file."""
    model = source_model(source["connector"])
    assert model is not None
    return City(code="440300", name="深圳市", counties=(), source=model.model_validate(dict(source)), **changes)


def pulled(source: Mapping[str, Any], memory: Memory | None = None, **changes: Any) -> Snapshot:
    """Return what a source gives."""
    return pull(city_of(source, **changes), (memory or Memory()).door())


def code(number: int) -> str:
    """Return the number-th 实施编码."""
    return f"{BODY}3{440106000000 + number:012d}"


def directory(count: int) -> list[dict[str, str | None]]:
    """Return that many different items as sent."""
    return [an_item(task_code=code(number), task_name=f"事项{number}") for number in range(1, count + 1)]


def codes(snapshot: Snapshot) -> Sequence[str]:
    """Return the 实施编码 of a snapshot, in order."""
    return snapshot.rows["task_code"].to_list()
