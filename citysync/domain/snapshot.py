"""What was pulled from a city, and how far it is proved complete."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from typing import Any

import polars as pl

from citysync.domain.kept_rows import InHand
from citysync.domain.row_hashes import ROW, content_of
from citysync.domain.row_texts import RowTexts

INDEX_URL = "citysync:index"  # the page of a proved snapshot that the next pull goes on from
MERGED = "增量合并"  # stands in the proof of a snapshot whose rows came, but for the changes, on earlier nights


class Grade(StrEnum):
    """How complete a snapshot is proved to be; it decides what may be said about the city."""

    A = "A"  # 已证实完整: declared total = rows received, end seen, one consistent version
    B = "B"  # 稳定: no total, but two passes agree on the key set
    C = "C"  # 未证实: neither; an absence is never reported
    X = "X"  # 不完整: contradicted; nothing is judged


GRADE_LABELS = {Grade.A: "已证实完整", Grade.B: "两遍读取一致", Grade.C: "完整性未证实", Grade.X: "不完整，未采用"}
_BY_HASHES = "2:"  # begins a content that rests on row hashes; one without it is a ``fingerprint``

# What a letter lets one say of a city, for whoever meets it on a page for the first time.
GRADE_MEANINGS = {
    Grade.A: "已证实完整：收到的与来源声明的总数或清单相符，没见到的事项就是没有",
    Grade.B: "两遍读取一致：来源没有声明总数，连读两遍相同，没见到的事项就是没有",
    Grade.C: "完整性未证实：没有总数，两遍又不同；没见到的事项不判漏领",
    Grade.X: "不完整：收到的与声明的矛盾，整份未采用，不作任何判断",
}


def fingerprint(rows: pl.DataFrame) -> str:
    """Return what ledgers before version 2 keep of a content: SHA-256 of the rows as text, whatever their order.

    It sorts the whole directory as text, which is dear: only what was kept so is still compared with it.
    """
    named = rows.select(sorted(name for name in rows.columns if name not in {"row_no", "page_no"}))
    text = named.sort(named.columns).write_csv() if named.width else ""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


@dataclass(frozen=True, slots=True)
class RawPage:
    """One page as it came, kept by SHA-256 before anything read it. ``number`` counts from 1."""

    number: int
    url: str
    sha256: str
    size: int
    fetched_at: datetime

    def as_dict(self) -> dict[str, Any]:
        """Return its facts by name; ``asdict`` would copy each of the thousands of a night part by part."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True)
class Certificate:
    """The proof of a snapshot's completeness, in words an operator can quote.

    ``declared``: the total the source stated, or None; ``received``: rows; ``distinct``: keys.
    """

    grade: Grade
    declared: int | None
    received: int
    distinct: int
    pages: int
    proof: str
    problems: tuple[str, ...] = ()


@dataclass(frozen=True)
class Snapshot:
    """One city's directory as received.

    ``rows``: ``row_no`` (Int64, from 1), ``page_no`` (Int64), and, as String, each canonical column the source has.
    A column the source does not have is not in the frame. Missing, null and blank values are null; nothing else is
    changed: value maps and casts come later, so that a receipt can show what was sent. ``known``: these very rows with
    hashes of which most were kept; ``texts``: by which text each row came, where the next pull need not read it again.
    """

    city_code: str
    taken_at: datetime
    rows: pl.DataFrame
    pages: tuple[RawPage, ...]
    certificate: Certificate
    unknown_fields: tuple[str, ...] = ()
    source_changed_at: datetime | None = None
    notes: tuple[str, ...] = field(default=())
    known: InHand | None = field(default=None, repr=False, compare=False)
    texts: RowTexts | None = field(default=None, repr=False, compare=False)

    @cached_property
    def in_hand(self) -> InHand:
        """Return the rows with their hashes, which are worked out once, and not where they are ``known``.

        What is known of other rows, as of those this snapshot was made from with some left out, is of no use.
        """
        return self.known if self.known is not None and self.known.whole is self.rows else InHand(self.rows)

    @cached_property
    def content(self) -> str:
        """Return what tells one content from another, whatever the order of rows and their paging, worked out once."""
        return _BY_HASHES + content_of(self.rows.columns, self.in_hand.hashes.get_column(ROW))

    def says(self, content: str) -> bool:
        """Return whether a content kept in the ledger is this one, by the way in which it was worked out then."""
        return content == (self.content if content.startswith(_BY_HASHES) else self._fingerprint)

    @cached_property
    def _fingerprint(self) -> str:
        return fingerprint(self.rows)
