"""Asking for a page only if it changed (``If-None-Match``, ``If-Modified-Since``), and finding out who lies about it.

A page whose source says that it did not change (304) is last night's page: its bytes are read from what was kept. In
turn each such page is asked for outright all the same and compared with the kept bytes. A page that carries the same
mark over other bytes, or is said to be unchanged and is not, ends the trust in all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from citysync.domain.errors import StorageError
from connectors._answer import Whole

Headers = Mapping[str, str]


class Lied(Exception):
    """A page was said to be unchanged and is not; the text is for people."""


@dataclass(frozen=True, slots=True)
class Known:
    """A page as it was kept: what it was asked by, the marks it carried, and its bytes' hash."""

    asked: str
    etag: str | None
    modified: str | None
    sha256: str

    @property
    def headers(self) -> dict[str, str]:
        """Return the condition in words of HTTP; the stronger mark alone where there is one."""
        if self.etag is not None:
            return {"If-None-Match": self.etag}
        return {} if self.modified is None else {"If-Modified-Since": self.modified}

    def same_mark(self, other: Whole) -> bool:
        """Return whether an answer carries the mark this page carried."""
        if self.etag is not None or other.etag is not None:
            return self.etag == other.etag
        return self.modified is not None and self.modified == other.modified


@dataclass
class Conditions:
    """The conditions of one pull. ``every``: one known page in so many is asked outright too, which ones by ``turn``.

    ``pages``: what the pull leaves for the next; ``unchanged``, ``checked``: how many pages were said to be unchanged,
    and how many of them were looked at all the same.
    """

    known: Mapping[str, Known]
    read: Callable[[str], bytes]
    every: int
    turn: int
    pages: dict[str, Known] = field(default_factory=dict)
    unchanged: int = 0
    checked: int = 0

    @classmethod
    def of(cls, rows: Iterable[Iterable[Any]], read: Callable[[str], bytes], every: int, turn: int) -> Conditions:
        """Return the conditions of what an earlier pull left, as JSON has it."""
        pages = [Known(*row) for row in rows]
        return cls({page.asked: page for page in pages if page.headers}, read, every, turn)

    def left(self) -> list[list[str | None]]:
        """Return what the next pull can ask by, as JSON has it."""
        return [[page.asked, page.etag, page.modified, page.sha256] for page in self.pages.values()]

    def settled(self, asked: str, insist: Callable[[Headers], Whole]) -> tuple[Whole, bytes, dict[str, Any]]:
        """Return an answer, its bytes, and what the tape is told of it.

        ``insist``: asks with more headers. A second question for the same page is asked outright.
        """
        known = self.known.get(asked) if asked not in self.pages else None
        before = None if known is None else self._kept(known)
        if known is None or before is None:
            whole = insist({})
            return whole, whole.data, _facts(whole)
        whole = insist(known.headers)
        if not whole.unchanged:
            lied = known.same_mark(whole) and whole.data != before
            return whole, whole.data, _facts(whole, lied=lied)
        if not self._has_its_turn(asked):
            return whole, before, {**_marks(known.etag, known.modified), "unchanged": True}
        outright = insist({})
        lied = outright.data != before
        return outright, outright.data, {**_facts(outright, lied=lied), "unchanged": True, "checked": True}

    def heard(self, asked: str, facts: Mapping[str, Any], sha256: str) -> None:
        """Remember what a page was; raises ``Lied``."""
        again = asked in self.pages
        self.pages[asked] = Known(asked, facts.get("etag"), facts.get("modified"), sha256)
        if again:
            return
        self.unchanged += bool(facts.get("unchanged"))
        self.checked += bool(facts.get("checked"))
        if facts.get("lied"):
            how = "答复未变（304）" if facts.get("unchanged") else "标记（ETag 或 Last-Modified）未变"
            raise Lied(f"{asked} {how}而内容变了")

    def _has_its_turn(self, asked: str) -> bool:
        return list(self.known).index(asked) % self.every == self.turn % self.every

    def _kept(self, known: Known) -> bytes | None:
        try:
            return self.read(known.sha256)
        except StorageError:  # purged or damaged: the page is asked for outright
            return None


def _facts(whole: Whole, *, lied: bool = False) -> dict[str, Any]:
    return {**_marks(whole.etag, whole.modified), **({"lied": True} if lied else {})}


def _marks(etag: str | None, modified: str | None) -> dict[str, Any]:
    return {name: mark for name, mark in (("etag", etag), ("modified", modified)) if mark is not None}
