"""One night's questions to a source asked by HTTP: everything, what changed, or one page, each a walk of its own.

What every walk keeps is numbered on, so that a night of several walks is one row of pages.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import polars as pl

from citysync.domain.city import City
from citysync.domain.errors import Unreadable
from citysync.domain.snapshot import Grade, RawPage, Snapshot
from connectors._changing import ChangingSource, asked_since, asked_whole
from connectors._door import Door
from connectors._http import Expired
from connectors._mark import Mark, kept
from connectors._records import text
from connectors._upon import NO_CODE, key_texts, without
from connectors._walk import Answer, Walk

Walking = Callable[[City, Any, Door], AbstractContextManager[Walk[Any]]]
_GONE = "_gone"  # what a source says of removal, beside the canonical columns


class Unproved(Exception):
    """The changes, or what came of them, are not what they should be; the text is for people."""


@dataclass(frozen=True)
class Told:
    """What a source says has changed. ``changed``: rows as they are now; ``gone``: keys of removed items."""

    changed: pl.DataFrame
    gone: frozenset[str]
    unknown: frozenset[str]

    @property
    def keys(self) -> set[str]:
        """Return every key that is spoken of."""
        return {*key_texts(self.changed), *self.gone}


@dataclass
class Asking:
    """The questions of one pull. ``asked``: what each page of the walk over everything was asked by, in order."""

    city: City
    source: ChangingSource
    door: Door
    walking: Walking
    taken_at: datetime
    pages: list[RawPage] = field(default_factory=list)
    asked: dict[int | str, None] = field(default_factory=dict)
    answered_at: datetime | None = None
    _notes: dict[str, None] = field(default_factory=dict)
    _began: float | None = None

    @property
    def number(self) -> int:
        """Return the number of the next page that is kept."""
        return max((page.number for page in self.pages), default=0) + 1

    @property
    def notes(self) -> tuple[str, ...]:
        """Return what is told of the night, each once, in order."""
        return tuple(self._notes)

    def note(self, told: str) -> None:
        """Tell something of the night."""
        self._notes[told] = None

    def leave(self, mark: Mark) -> None:
        """Keep where the next pull goes on."""
        self.pages.append(kept(mark, self.city, self.door, self.number))

    def everything(self) -> Snapshot:
        """Return the directory, walked through as a whole."""

        def noting(walk: Walk[Any]) -> Walk[Any]:
            def read(asked: Any, number: int) -> Answer[Any]:  # noqa: ANN401 — a page number or a cursor
                self.asked[asked] = None
                return walk.read(asked, number)

            return replace(walk, read=read)

        return self._walked(self.city, asked_whole(self.source), noting)

    def page(self, asked: int | str) -> Snapshot:
        """Return one page of the directory, asked outright; of a cursor that is out of date, the first."""

        def single(walk: Walk[Any]) -> Walk[Any]:
            def read(asked_by: Any, number: int) -> Answer[Any]:  # noqa: ANN401 — a page number or a cursor
                return replace(walk.read(asked_by, number), following=None)

            return replace(walk, first=asked, read=read)

        def first(walk: Walk[Any]) -> Walk[Any]:
            return replace(single(walk), first=walk.first)

        try:
            return self._walked(self.city, asked_whole(self.source), single)
        except Expired:
            self.note("游标已失效，抽查改为首页")
            return self._walked(self.city, asked_whole(self.source), first)

    def changes(self, since: datetime) -> Told:
        """Return what changed since a moment; raises ``Unproved`` where the list itself is not proved complete."""
        keys = self.source.changes
        if keys is None:
            raise ValueError("a source without changes cannot be asked for them")
        source = asked_since(self.source, since)
        listed = self._listed(source, None if keys.gone is None else keys.gone.path)
        rows, gone = listed.rows, set[str]()
        if keys.gone is not None and _GONE in rows.columns:
            marked = pl.col(_GONE).str.strip_chars().eq_missing(pl.lit(text(keys.gone.equals), dtype=pl.String))
            rows, gone = _last_word(rows, marked)
        if keys.removed is not None:
            apart = self._walked(self.city, source.model_copy(update={"items": keys.removed, "total": None}), _only)
            gone |= set(key_texts(apart.rows)) - set(key_texts(rows))
        if NO_CODE in gone:
            raise Unproved("删除列表中有的条目没有编码")
        return Told(without(rows, _GONE), frozenset(gone), frozenset(listed.unknown_fields))

    def _listed(self, source: ChangingSource, gone: str | None) -> Snapshot:
        fields = self.city.fields if gone is None else {**self.city.fields, _GONE: gone}
        columns = self.door.columns if gone is None else (*self.door.columns, _GONE)
        listed = self._walked(self.city.model_copy(update={"fields": fields}), source, None, columns)
        if listed.certificate.grade not in {Grade.A, Grade.B}:
            problems = "；".join(listed.certificate.problems) or listed.certificate.proof
            raise Unproved(f"变更列表不完整：{problems}")
        return listed

    def _walked(
        self,
        city: City,
        source: ChangingSource,
        how: Callable[[Walk[Any]], Walk[Any]] | None,
        columns: tuple[str, ...] | None = None,
    ) -> Snapshot:
        now = self.door.monotonic()
        self._began = now if self._began is None else self._began
        left = max(1, source.budget_seconds - int(now - self._began))
        door = replace(self.door, keep=self.keep, columns=columns or self.door.columns)
        with self.walking(city, source.model_copy(update={"budget_seconds": left}), door) as walk:
            ours = replace(walk, read=self._numbered_on(walk.read))
            snapshot = (how(ours) if how else ours).snapshot()
        for told in snapshot.notes:
            self.note(told)
        return snapshot

    def keep(self, data: bytes, number: int, url: str) -> RawPage:
        """Keep a page, and remember that it was."""
        self.pages.append(self.door.keep(data, number, url))
        return self.pages[-1]

    def _numbered_on(self, read: Callable[[Any, int], Answer[Any]]) -> Callable[[Any, int], Answer[Any]]:
        def numbered(asked: Any, number: int) -> Answer[Any]:  # noqa: ANN401 — a page number or a cursor
            del number  # every walk counts from 1
            answer = read(asked, self.number)
            self.answered_at = self.answered_at or answer.answered_at
            return answer

        return numbered


def _only(walk: Walk[Any]) -> Walk[Any]:
    """Return a walk of one answer, which is the whole list: what is missing in it, the count will miss, too."""

    def read(asked: Any, number: int) -> Answer[Any]:  # noqa: ANN401 — a page number or a cursor
        answer = walk.read(asked, number)
        return replace(answer, following=None, total=len(answer.records))

    return replace(walk, read=read)


def _last_word(rows: pl.DataFrame, marked: pl.Expr) -> tuple[pl.DataFrame, set[str]]:
    """Return the rows that are, and the keys that are gone: of an item told several times the last word holds."""
    keys = key_texts(rows)
    is_gone = rows.select(marked)[_GONE].to_list()
    last_gone = {key: place for place, (key, gone) in enumerate(zip(keys, is_gone, strict=True)) if gone}
    stays = [place > last_gone.get(key, -1) for place, key in enumerate(keys)]
    left = rows.filter(pl.Series(stays, dtype=pl.Boolean))
    return left, set(last_gone) - set(key_texts(left))


def readable(asking: Callable[[], Told]) -> Told:
    """Return what changed; an answer nobody can read proves nothing. A source that cannot be asked raises as ever."""
    try:
        return asking()
    except Unreadable as error:
        raise Unproved(f"变更接口的应答无法读取：{error}") from None
