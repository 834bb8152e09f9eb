"""Pages by cursor: each answer says where the next one starts.

Some sources end with an error-like code (Guangxi's timestamp cursor does): that end is told apart from a true error,
which in mid-way would otherwise look like the end and cut the directory short without a word.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

from pydantic import Field, model_validator

from citysync.domain.city import City
from citysync.domain.errors import Unreadable
from citysync.domain.snapshot import Snapshot
from connectors import _since, _unchanged
from connectors._changing import ChangingSource
from connectors._door import Door
from connectors._envelope import Reader
from connectors._http import Expired, Marker, declared, message_of, records_of, stands, verify, version_of
from connectors._known import KnownRows
from connectors._last_night import known_of
from connectors._records import dig, text
from connectors._session import Session
from connectors._walk import Answer, Walk


class Source(ChangingSource):
    """Keys of a cursor source; ``cursor`` is where an answer holds the next cursor, ``end`` what says there is none."""

    cursor_param: str
    cursor: str
    first_cursor: str | None = None
    end: Marker | None = None
    expired: Marker | None = None
    size_param: str | None = None
    page_size: Annotated[int, Field(ge=1, le=100_000)] = 100

    @model_validator(mode="after")
    def _end_is_not_ok(self) -> Source:
        if self.ok is not None and self.ok == self.end:
            raise ValueError("ok 与 end 不能是同一个值：否则无法区分还有数据与已经结束")
        if self.expired is not None and self.expired in {self.ok, self.end}:
            raise ValueError("expired 不能与 ok 或 end 是同一个值：否则无法区分游标失效与已经结束")
        return self


def pull(city: City, source: Source, door: Door) -> Snapshot:
    """Return the directory, asked from cursor to cursor until the source says that this is the end."""
    if source.changes is not None:
        return _since.pull(city, source, source.changes, door, walking)
    if source.conditional is not None:
        return _unchanged.pull(city, source, source.conditional, door, walking)
    with walking(city, source, door, known_of(city, source, door)) as walk:
        return walk.snapshot()


@contextmanager
def walking(city: City, source: Source, door: Door, known: KnownRows | None = None) -> Iterator[Walk[str]]:
    """Yield the walk from cursor to cursor, not yet begun: ``doctor`` takes single steps of it."""
    first, reader = source.first_cursor or "", Reader(source.encoding, known)
    with Session(source, door) as session:

        def read(cursor: str, number: int) -> Answer[str]:
            reply = session.page(number, _changes(source, cursor))

            def judged(document: object) -> Answer[str]:
                ended = source.end is not None and stands(source.end, document)
                if source.expired is not None and stands(source.expired, document):
                    raise Expired(f"游标失效：{message_of(document)}；请市里延长游标有效期")
                if not ended:
                    verify(source, document)
                records = records_of(source, document, first=cursor == first and not ended)
                following = None if ended else _following(source, document)
                total, version = declared(source, document), version_of(source, document)
                return Answer(reply.raw, records, total, following, reply.changed_at, reply.answered_at, version)

            with session.reading(number):
                return reader.read(reply.data, judged)

        yield Walk(
            city, door, first, read, empty_ends=source.end is None, total_ends=False, notes=session.notes, known=known
        )


def _following(source: Source, document: object) -> str | None:
    following = text(dig(document, source.cursor))
    if following is None and source.end is not None:
        end = f"{source.end.path} = {text(source.end.equals)}"
        raise Unreadable(
            f"既没有结束码（{end}），也没有下一游标 {source.cursor}；{message_of(document)}；请市里检查接口"
        )
    return following


def _changes(source: Source, cursor: str) -> dict[str, object]:
    asked: dict[str, object] = {source.cursor_param: cursor} if cursor else {}
    return asked if source.size_param is None else {**asked, source.size_param: source.page_size}
