"""Nights of one city in memory: its pages as bytes, read with or without what the night before is known by."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from citysync.domain.kept_rows import InHand
from citysync.domain.memory import LastGood
from citysync.domain.snapshot import RawPage, Snapshot
from connectors._envelope import Reader
from connectors._http import declared, records_of, verify, version_of
from connectors._last_night import known_of
from connectors._text import read_json
from connectors._walk import Answer, Walk
from tests.connectors.both import Refused, quick
from tests.connectors.doors import NOW, PAGES, Memory, city_of, directory

PLAINLY = (",", ":")
ENVELOPES = [
    '{"code":"200","data":{"total":%d,"list":%s}}',
    '{"code":"200","version":"v1","data":{"list":%s,"total":"%d"},"time":"08:00"}',
    '{"code":200,"data":[{"total":%d,"list":%s}]}',
    '{"code":"200","data":{"list":%s}}',
    '{"code":"500","msg":"库忙","data":{"list":%s}}',
    '{"code":"200","total":NaN,"data":{"list":%s}}',
    '{"code":"200","more":[{"x":"1"},{"x":"2"}],"data":{"list":%s}}',
    '{"code":%s,"data":{"list":[]}}',
]
EMPTY = b'{"code":"200","data":{"list":[]}}'


@dataclass(frozen=True)
class Town:
    """A city by its mapping. ``source``: further keys of its source; ``changes``: of its file."""

    source: dict[str, Any]
    changes: dict[str, Any]

    def night(
        self, pages: Sequence[bytes], before: Snapshot | None = None, second: Sequence[bytes] | None = None
    ) -> Snapshot:
        """Return what a pull says that knows what came the night before; ``second``: what a second pass gets."""
        return self._pull(pages, before, second or pages, strictly=False)

    def strict(self, pages: Sequence[bytes], second: Sequence[bytes] | None = None) -> Snapshot:
        """Return what the strict reader says, which knows nothing."""
        return self._pull(pages, None, second or pages, strictly=True)

    def _pull(
        self, pages: Sequence[bytes], before: Snapshot | None, second: Sequence[bytes], *, strictly: bool
    ) -> Snapshot:
        city = city_of({**PAGES, "url": "http://a/", "version": "version", **self.source}, **self.changes)
        source: Any = city.source
        door = replace(Memory().door(), base=None if before is None else good(before))
        known = None if strictly else known_of(city, source, door)
        reader = Reader(source.encoding, known)
        shown: list[bytes] = []

        passes: list[Sequence[bytes]] = [second, pages]

        def read(page: int, number: int) -> Answer[int]:
            if page == 1:
                shown[:] = passes.pop()

            def judged(document: object) -> Answer[int]:
                verify(source, document)
                records = records_of(source, document, first=page == 1)
                raw = RawPage(number, "", "", 0, NOW)
                return Answer(
                    raw, records, declared(source, document), page + 1, None, None, version_of(source, document)
                )

            data = shown[page - 1] if page <= len(shown) else EMPTY
            return judged(read_json(data, source.encoding)) if strictly else quick(reader, data, judged)

        return Walk(city, door, 1, read, empty_ends=True, total_ends=True, known=known).snapshot()


PLAIN = Town({}, {})


def good(snapshot: Snapshot) -> LastGood:
    """Return a snapshot as the one in force."""
    return LastGood("before", date(2026, 11, 22), InHand(snapshot.rows), texts=snapshot.texts)


def said(found: Snapshot | Refused) -> Any:
    """Return all that a pull says, or why it refused."""
    if isinstance(found, Refused):
        return found
    rows = (found.rows.schema, found.rows.to_dicts())
    return rows, found.certificate, found.unknown_fields, found.source_changed_at, found.notes


def came(found: Snapshot) -> int | None:
    """Return how many rows were not read."""
    return None if found.texts is None else found.texts.known


def plain(count: int, **changes: str | None) -> list[str]:
    """Return rows of a city as texts, written plainly."""
    items = [{**item, **changes} for item in directory(count)]
    return [json.dumps(item, ensure_ascii=False, separators=PLAINLY) for item in items]


def paged(texts: Sequence[str], size: int, around: str = ENVELOPES[0], encoding: str = "utf-8") -> list[bytes]:
    """Return rows as pages."""
    pages = [f"[{','.join(texts[start : start + size])}]" for start in range(0, len(texts), size)]
    whole = [around.replace("%d", str(len(texts))).replace("%s", page) for page in pages]
    return [page.encode(encoding) for page in whole]
