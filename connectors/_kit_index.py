"""What is remembered of a proved pull from a kit: every row's key and hash, so that the next one asks for changes only.

Two kept pages: a small header (``INDEX_URL``) and, named in it, the keys and hashes, which stay the same bytes, and so
cost nothing, as long as the directory does. They are heard over the tape: a replay asks the same as the pull did.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from citysync.domain.city import City
from citysync.domain.digests import ROW_BYTES, whole_digest
from citysync.domain.errors import StorageError
from citysync.domain.kept_rows import KeptRows
from citysync.domain.run import RULES_VERSION
from citysync.domain.snapshot import INDEX_URL, RawPage
from connectors._door import Door
from connectors._kit_entries import READABLE, Entries, Kept
from connectors._tape import Heard

_CONTENT_URL = "citysync:index/content"
_LOST = "上次的索引已不可读"


@dataclass(frozen=True)
class Index:
    """A proved directory by key and hash, ascending. ``since_whole``: pulls since the last whole one."""

    snapshot: str
    fields: tuple[str, ...]
    entries: Entries
    since_whole: int

    @property
    def keys(self) -> Sequence[str]:
        """Return the keys."""
        return self.entries.keys

    @property
    def packed(self) -> bytes:
        """Return the hashes, one behind the other."""
        return self.entries.packed

    @property
    def count(self) -> int:
        """Return how many rows there are."""
        return len(self.packed) // ROW_BYTES

    @cached_property
    def digest(self) -> str:
        """Return the digest of the whole, worked out from the hashes once."""
        return whole_digest(self.fields, [self.packed])


@dataclass(frozen=True)
class Base:
    """The snapshot in force by its index, its rows in the order of the keys."""

    index: Index
    rows: KeptRows


@dataclass(frozen=True)
class Remembered:
    """What a pull can rest on. ``why``: why it cannot, for people, None at the first pull; ``pages``: read for it."""

    base: Base | None
    why: str | None = None
    pages: tuple[RawPage, ...] = ()


def remembered(city: City, door: Door, number: int) -> Remembered:
    """Return what the snapshot in force rests on.

    ``number``: of the first page the index is kept as again: what a pull relies on is evidence of its own.
    """
    if door.base is None or door.base.index is None:
        return Remembered(None)
    header_page, data = _heard(door, door.base.index, number, INDEX_URL)
    if header_page is None:
        return Remembered(None, _LOST)
    header = json.loads(data)
    if header["index"] not in READABLE or header["mapping"] != mapping_of(city, door):
        return Remembered(None, "城市文件的字段设置或程序已改变", (header_page,))
    content_page, data = _heard(door, header["content"], number + 1, _CONTENT_URL)
    if content_page is None:
        return Remembered(None, _LOST, (header_page,))
    index, pages = _read(header, data), (header_page, content_page)
    if door.base.rows.height != index.count:
        return Remembered(None, "上次的快照与其索引不符", pages)
    return Remembered(Base(index, door.base.rows), None, pages)


def kept(index: Index, city: City, door: Door, number: int) -> tuple[RawPage, ...]:
    """Keep the index of a proved snapshot for the next pull; return the pages it is kept as."""
    content = index.entries.page
    header = {
        "index": index.entries.version,
        "content": hashlib.sha256(content).hexdigest(),
        "mapping": mapping_of(city, door),
        "snapshot": index.snapshot,
        "fields": index.fields,
        "since_whole": index.since_whole,
    }
    first = door.keep(json.dumps(header, ensure_ascii=False).encode(), number, INDEX_URL)
    return first, door.keep(content, number + 1, _CONTENT_URL)


def mapping_of(city: City, door: Door) -> str:
    """Return what tells whether rows of an earlier night would be read the same way now."""
    facts = [RULES_VERSION, sorted(city.fields.items()), sorted(city.ignore), door.columns]
    return hashlib.sha256(json.dumps(facts, ensure_ascii=False).encode()).hexdigest()


def _heard(door: Door, sha256: str, number: int, url: str) -> tuple[RawPage | None, bytes]:
    def ask() -> Heard:
        try:
            return Heard(door.read(sha256))
        except StorageError as error:
            return Heard(facts={"lost": str(error)})

    heard = door.tape.hear(f"index {sha256}", ask)
    if "lost" in heard.facts:
        return None, b""
    return door.keep(heard.data, number, f"{url}?before"), heard.data


def _read(header: Mapping[str, Any], data: bytes) -> Index:
    return Index(
        snapshot=str(header["snapshot"]),
        fields=tuple(header["fields"]),
        entries=Kept(data, int(header["index"])),
        since_whole=int(str(header["since_whole"])),
    )
