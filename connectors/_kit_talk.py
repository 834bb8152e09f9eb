"""What a city's kit is asked and what it answers, by the protocol of docs/kit.md; every answer is held to it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import quote

from citysync.domain.digests import PROTOCOL, row_hash
from citysync.domain.errors import OverBudget, Unreadable
from citysync.domain.snapshot import RawPage
from connectors._moments import instant
from connectors._session import Reply, Session
from connectors._text import decode, parse_json, read_json

_VALUES = frozenset({str, type(None)})
_SURROGATE = re.compile("[\ud800-\udfff]")  # half a pair: no file and no database takes it
MOST_ROUNDS = 1_000


class Contradicted(Exception):
    """An answer is not what the protocol says, or not what the manifest says; the text is for people."""


@dataclass(frozen=True)
class Manifest:
    """What a kit says of its directory. ``kept``: the snapshots it can still be asked for."""

    snapshot: str
    count: int
    digest: str
    fields: tuple[str, ...]
    kept: tuple[str, ...]
    changed_at: datetime | None
    problem: str | None


@dataclass(frozen=True)
class Line:
    """One row of an answer. ``values`` None: the key is gone; ``hash``: of the line as it was sent."""

    key: str
    values: Sequence[str | None] | None
    hash: bytes
    page_no: int


@dataclass
class Talk:
    """A conversation with one kit. ``pages``: every answer, kept; ``asked``: how many requests it took."""

    session: Session
    home: str
    page_size: int
    progress: Callable[[str], None]
    pages: list[RawPage] = field(default_factory=list)
    asked: int = 0

    def manifest(self) -> Manifest:
        """Return the manifest; raises ``Unreadable`` for another protocol's."""
        reply = self._get("manifest")
        with self.session.reading(self._number):
            return _manifest(read_json(reply.data))

    def whole(self, manifest: Manifest) -> Iterator[Line]:
        """Yield every row, page after page; raises ``Contradicted`` where a page ends without its end marker."""
        after: str | None = None
        while True:
            lines, more = self.page(manifest, after)
            yield from lines
            if not more:
                return
            if not lines or (after is not None and lines[-1].key <= after):
                raise Contradicted(f"第 {self._number} 页称还有下一页，却没有向前")
            if self.asked >= MOST_ROUNDS:
                raise OverBudget(f"已读 {self.asked:,} 页仍未结束；请检查城市端")
            after = lines[-1].key
            self.progress(f"第 {self._number:,} 页 · 共 {manifest.count:,} 条")

    def page(self, manifest: Manifest, after: str | None) -> tuple[list[Line], bool]:
        """Return the rows behind a key, and whether more follow."""
        where = "" if after is None else f"&after={quote(after, safe='')}"
        return self._lines(self._get(f"snapshots/{manifest.snapshot}/rows?limit={self.page_size}{where}"), manifest)

    def bulk(self, manifest: Manifest) -> list[Line]:
        """Return every row, asked for at once."""
        return self._lines(self._get(f"snapshots/{manifest.snapshot}/bulk"), manifest)[0]

    def changes(self, manifest: Manifest, since: str) -> list[Line]:
        """Return what changed since a snapshot."""
        reply = self._get(f"snapshots/{manifest.snapshot}/changes?since={since}")
        return self._lines(reply, manifest)[0]

    def rows(self, manifest: Manifest, keys: Sequence[str]) -> list[Line]:
        """Return the rows of some keys."""
        reply = self._post(f"snapshots/{manifest.snapshot}/rows", {"keys": list(keys)})
        return self._lines(reply, manifest)[0]

    def tree(
        self, manifest: Manifest, nodes: Sequence[tuple[int, int]], **hints: int
    ) -> list[list[tuple[str, int, str]]]:
        """Return the parts of ranges of row numbers: (first key, rows, digest) each; empty ranges have none.

        ``hints``: ``parts``, how many of a range, and ``digits``, how many of a digest are wanted at most.
        """
        reply = self._post(f"snapshots/{manifest.snapshot}/tree", {"nodes": [list(node) for node in nodes]}, **hints)
        with self.session.reading(self._number):
            document: Any = read_json(reply.data)
        try:
            return [[(str(key), int(count), str(digest)) for key, count, digest in node] for node in document["nodes"]]
        except (KeyError, TypeError, ValueError):
            raise Contradicted(f"第 {self._number} 页不是摘要树的形状") from None

    @property
    def _number(self) -> int:
        return len(self.pages)

    def _get(self, path: str) -> Reply:
        return self._took(self.session.follow(len(self.pages) + 1, f"{self.home}/{path}"))

    def _post(self, path: str, document: Mapping[str, object], **hints: int) -> Reply:
        return self._took(self.session.post(len(self.pages) + 1, f"{self.home}/{path}", document, **hints))

    def _took(self, reply: Reply) -> Reply:
        self.asked += 1
        self.pages.append(reply.raw)
        return reply

    def _lines(self, reply: Reply, manifest: Manifest) -> tuple[list[Line], bool]:
        """Return an answer's rows and whether more follow; raises ``Contradicted`` without a true end marker."""
        sent = reply.data.split(b"\n")
        if sent[-1] == b"":
            sent.pop()
        with self.session.reading(self._number):
            texts = decode(reply.data, "utf-8").split("\n")
            end = parse_json(texts[len(sent) - 1]) if sent else None
            if not isinstance(end, dict) or end.get("end") is not True:
                raise Contradicted(f"第 {self._number} 页没有结束标记，内容不完整")
            if end.get("rows") != str(len(sent) - 1):
                raise Contradicted(f"第 {self._number} 页结束标记写明 {end.get('rows')} 行，实际 {len(sent) - 1} 行")
            lines = [self._line(line, text, manifest) for line, text in zip(sent[:-1], texts, strict=False)]
            return lines, end.get("more") is True

    def _line(self, sent: bytes, text: str, manifest: Manifest) -> Line:
        try:
            row = json.loads(text)
        except (ValueError, RecursionError):
            row = None
        if not isinstance(row, list) or not row or not isinstance(row[0], str) or _SURROGATE.search(row[0]):
            raise Contradicted(f"第 {self._number} 页有一行不是 [键, 值…]")
        gone = len(row) == 1 and bool(manifest.fields)
        if not gone and (len(row) != len(manifest.fields) + 1 or not _VALUES.issuperset(map(type, row))):
            raise Contradicted(f"第 {self._number} 页键 {row[0][:40]} 的值与清单的 {len(manifest.fields)} 个字段不符")
        return Line(row[0], None if gone else row[1:], row_hash(sent), self._number)


def _manifest(document: object) -> Manifest:
    known: dict[str, Any] = document if isinstance(document, dict) else {}
    if known.get("protocol") != str(PROTOCOL):
        sent = str(known.get("protocol", "空"))[:20]
        raise Unreadable(f"城市端的协议版本是 {sent}，本系统只用 {PROTOCOL}；请升级城市端或本系统")
    wrong = [name for name, right in _SHAPES.items() if not right(known.get(name))]
    if wrong:
        raise Unreadable(f"城市端清单的 {'、'.join(wrong)} 缺失或写法不符；请按 docs/kit.md 改正")
    return Manifest(
        snapshot=known["snapshot"],
        count=int(known["count"]),
        digest=known["digest"],
        fields=tuple(known["fields"]),
        kept=tuple(known["kept"]),
        changed_at=instant(known.get("changed_at")),
        problem=known.get("problem"),
    )


def _is_texts(found: object) -> bool:
    return isinstance(found, list) and all(isinstance(each, str) for each in found)


def _is_names(found: object) -> bool:
    return isinstance(found, list) and _is_texts(found) and len(set(found)) == len(found)


def _is_maybe(found: object) -> bool:
    return found is None or isinstance(found, str)


def _fits(shape: str) -> Callable[[object], bool]:
    return lambda found: isinstance(found, str) and re.fullmatch(shape, found) is not None


_SHAPES: dict[str, Callable[[object], bool]] = {
    "snapshot": _fits("[0-9A-Za-z_-]{1,128}"),
    "count": _fits("[0-9]{1,12}"),
    "digest": _fits("[0-9a-f]{64}"),
    "fields": _is_names,
    "kept": _is_texts,
    "changed_at": _is_maybe,
    "problem": _is_maybe,
}
