"""Page after page, once or twice, until the snapshot's completeness is known; common to the HTTP connectors."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Generic, TypeVar

from isal.isal_zlib import adler32, crc32

from citysync.domain.city import City
from citysync.domain.errors import OverBudget, SourceError
from citysync.domain.row_texts import Cut
from citysync.domain.snapshot import RawPage, Snapshot
from connectors._again import Again
from connectors._certify import Key, PageFacts, Reading, certify, second_is_better, second_pass_needed
from connectors._columns import Columns, text_of
from connectors._door import Door
from connectors._gathered import Gathered
from connectors._http import Expired
from connectors._known import KnownPage, KnownRows
from connectors._mapping import Plan, in_order, page_keys, plan_for, stacked, unknown_fields
from connectors._moments import changed_at
from connectors._records import Record, Rows

Asked = TypeVar("Asked", int, str)
MAX_PAGES = 10_000
_SLACK = 2
_EMPTY_PAGES_END = 2
_TOTALS_BEFORE_IT_RUNS = 3
_GROWTH, _SMALL = 3, 1_000  # without a total: three times the last good count, and no alarm about small sources
_RESTARTED = "游标中途失效，已从头重读"


@dataclass(frozen=True, slots=True)
class Answer(Generic[Asked]):
    """What one page said. ``following``: what to ask next, None at the end; ``answered_at``: the server's own clock."""

    raw: RawPage
    records: Sequence[Record]
    total: int | None
    following: Asked | None
    changed_at: datetime | None = None
    answered_at: datetime | None = None
    version: str | None = None


@dataclass(frozen=True, slots=True)
class _Read:
    """What was found of a page's rows, and where they stand: by their number in what was gathered then."""

    keys: Sequence[Key | None]
    fingerprint: str
    unknown: set[str]
    number: int
    rows: Gathered


@dataclass
class _Pass:
    """One time through the source. ``read``: every page so far by the mark of its rows, those of passes before too."""

    rows: Gathered
    read: dict[int, _Read]
    reading: Reading = field(default_factory=Reading)
    pages: list[RawPage] = field(default_factory=list)
    unknown: set[str] = field(default_factory=set)
    changed_at: datetime | None = None
    given_up: list[RawPage] = field(default_factory=list)  # pages of an attempt that had to start again

    @property
    def evidence(self) -> list[RawPage]:
        """Return every page that was kept, those of an attempt given up included."""
        return [*self.given_up, *self.pages]


@dataclass(frozen=True)
class Walk(Generic[Asked]):
    """How a source is walked through.

    ``first``: what the first page is asked by; ``read``: (asked, evidence page number) → answer;
    ``empty_ends``: an empty page is the only end there is; ``total_ends``: the declared total ends the walk, after a
    look at what lies behind it where the last page was full; ``page_size``: how many rows were asked for, 0 if that
    is open; ``notes``: what was odd about the conversation; ``known``: last night's rows by their texts.
    """

    city: City
    door: Door
    first: Asked
    read: Callable[[Asked, int], Answer[Asked]]
    empty_ends: bool
    total_ends: bool
    page_size: int = 0
    notes: Callable[[], tuple[str, ...]] = tuple
    known: KnownRows | None = None

    def snapshot(self) -> Snapshot:
        """Return the snapshot; raises ``SourceError`` where a page could not be had or read."""
        taken_at = self.door.now()
        plan = plan_for(self.city, self.door.columns)
        first: _Pass = self._once(plan, 0, "", {})
        second: _Pass | None = (
            self._once(plan, len(first.evidence), "第二遍 ", first.read) if second_pass_needed(first.reading) else None
        )
        better = second is not None and second_is_better(first.reading, second.reading)
        chosen = second if second is not None and better else first
        rows = in_order(stacked(chosen.rows.frames()), self.door.columns)
        return Snapshot(
            city_code=self.city.code,
            taken_at=taken_at,
            rows=rows,
            pages=(*first.evidence, *(second.evidence if second else ())),
            certificate=certify(first.reading, second.reading if second else None),
            unknown_fields=tuple(sorted(chosen.unknown)),
            source_changed_at=changed_at(rows) or chosen.changed_at,
            notes=(*self.notes(), *(_RESTARTED for each in (first, second) if each and each.given_up)),
            texts=chosen.rows.texts(),
        )

    def _once(self, plan: Plan, pages_before: int, label: str, read: dict[int, _Read]) -> _Pass:
        """Return one pass; where a cursor expires on the way, the pass starts again from the beginning, once."""
        taken = _Pass(Gathered(plan, self.known), read)
        try:
            return self._through(taken, plan, pages_before, label)
        except Expired:
            if not taken.pages:
                raise
            again = _Pass(Gathered(plan, self.known), read, given_up=taken.pages)
        self.door.progress(f"{label}{_RESTARTED}")
        return self._through(again, plan, pages_before + len(again.given_up), label)

    def _through(self, taken: _Pass, plan: Plan, pages_before: int, label: str) -> _Pass:
        asked = self.first
        visited: dict[int | str, int] = {}
        while True:
            number = pages_before + len(taken.pages) + 1
            visited[asked] = number
            answer = self.read(asked, number)
            self._take(taken, answer, plan)
            self.door.progress(f"{label}{self._told(taken.reading)}")
            if answer.following is None or taken.reading.broken or self._ended(taken.reading):
                if self._may_have_more(taken.reading, answer, last_pass=bool(label)):
                    self._look_behind(taken, answer, plan)
                return taken
            if answer.following in visited and self.empty_ends and not answer.records:
                return taken  # nothing more, and nowhere else to go
            if answer.following in visited:
                taken.reading.broken.append(f"第 {number} 页的下一页又回到第 {visited[answer.following]} 页")
                return taken
            asked = answer.following

    def _take(self, taken: _Pass, answer: Answer[Asked], plan: Plan) -> None:
        number, read = answer.raw.number, self._looked(taken, answer, plan)
        if read.number == number and read.rows is taken.rows:
            taken.rows.add(number, answer.records)
        else:
            taken.rows.again(number, read.rows, read.number, len(answer.records))
        if isinstance(answer.records, Rows) and answer.records.mark is not None:
            taken.read.setdefault(answer.records.mark, read)
        taken.pages.append(answer.raw)
        taken.unknown |= read.unknown
        taken.changed_at = max(filter(None, (taken.changed_at, answer.changed_at)), default=None)
        taken.reading.add(PageFacts(number, read.keys, answer.total, read.fingerprint, answer.version))

    def _looked(self, taken: _Pass, answer: Answer[Asked], plan: Plan) -> _Read:
        """Return what is found of a page's rows; of rows that came before, what was found then."""
        records = answer.records
        if isinstance(records, Again) and records.mark in taken.read:
            return taken.read[records.mark]
        mark = _fingerprint(records, by_rows=self.known is not None)
        return _Read(page_keys(records, plan), mark, unknown_fields(records, plan), answer.raw.number, taken.rows)

    def _may_have_more(self, reading: Reading, last: Answer[Asked], *, last_pass: bool) -> bool:
        """Return whether a total that was met may be below what there is: the last page was full."""
        full = reading.largest_page if reading.pages > 1 else max(self.page_size, 1)
        settled = reading.exact and (reading.steady or last_pass) and not reading.broken
        return self.total_ends and settled and last.following is not None and len(last.records) >= full

    def _look_behind(self, taken: _Pass, last: Answer[Asked], plan: Plan) -> None:
        """Count in the page behind the declared total if it holds anything new: the total is then contradicted.

        Many sources answer a number behind the last one with an error, or with the last page again: neither says
        anything.
        """
        if last.following is None:
            return
        try:
            behind = self.read(last.following, last.raw.number + 1)
        except SourceError:
            return
        keys = self._looked(taken, behind, plan).keys
        if any(key is not None and key not in taken.reading.first_seen for key in keys):
            self._take(taken, behind, plan)

    def _ended(self, reading: Reading) -> bool:
        if self.total_ends and reading.filled:
            return True
        # One empty page may be a hole, and would cut the directory short in both passes alike; two are the end.
        if self.empty_ends and reading.empty_run >= (1 if reading.filled else _EMPTY_PAGES_END):
            return True
        # A total that moves with every page says as little about the end as none.
        unknown_end = reading.declared is None or len(reading.totals) > _TOTALS_BEFORE_IT_RUNS
        if unknown_end and reading.received > self._most_rows():
            raise OverBudget(
                f"已读 {reading.received:,} 条仍未结束，上次共 {self.door.last_count:,} 条；请检查分页参数与接口"
            )
        if reading.pages >= self._most_pages(reading):
            raise OverBudget(f"已读 {reading.pages:,} 页、{reading.received:,} 条仍未结束；请检查分页参数与接口")
        return False

    def _most_pages(self, reading: Reading) -> int:
        if not self.total_ends or reading.declared is None:
            return MAX_PAGES
        return _pages_of(reading) + _SLACK

    def _most_rows(self) -> int:
        last = self.door.last_count
        return sys.maxsize if last is None else _GROWTH * last + _SMALL

    def _told(self, reading: Reading) -> str:
        total = f"/{_pages_of(reading):,}" if self.total_ends and reading.declared is not None else ""
        return f"第 {reading.pages:,}{total} 页 · {reading.received:,} 条"


def _fingerprint(records: Sequence[Record], *, by_rows: bool = False) -> str:
    # Of the rows, not of the bytes: an envelope that carries the time of day differs on every page. It is compared
    # within one pull only, and a city that made two pages look alike would harm itself: two sums of 32 bits, which
    # know nothing of each other, do for a third of the time of Python's own hash. Where some rows are known by their
    # hashes alone, the hashes of all are told apart.
    if by_rows:
        rows = records.said if isinstance(records, Columns | KnownPage) else Cut.of(text_of(records)).sent
        return f"{len(rows):x} {hash(tuple(rows)):x}"
    text = text_of(records)
    return f"{len(text):x} {crc32(text):x} {adler32(text):x}"


def _pages_of(reading: Reading) -> int:
    return -(-(reading.declared or 0) // max(reading.largest_page, 1)) or 1
