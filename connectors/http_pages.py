"""Pages by number: GET, POST of a form, or POST of JSON."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

from pydantic import Field

from citysync.domain.city import City
from citysync.domain.snapshot import Snapshot
from connectors import _since, _unchanged
from connectors._changing import ChangingSource
from connectors._door import Door
from connectors._envelope import Reader
from connectors._http import declared, records_of, verify, version_of
from connectors._known import KnownRows
from connectors._last_night import known_of
from connectors._session import Session
from connectors._walk import Answer, Walk


class Source(ChangingSource):
    """Keys of a numbered-page source; without ``page_param`` one answer is the whole directory."""

    page_param: str | None = None
    first_page: Annotated[int, Field(ge=0)] = 1
    size_param: str | None = None
    page_size: Annotated[int, Field(ge=1, le=100_000)] = 100


def pull(city: City, source: Source, door: Door) -> Snapshot:
    """Return the directory, asked page by page until the declared total is reached or a page is empty."""
    if source.changes is not None:
        return _since.pull(city, source, source.changes, door, walking)
    if source.conditional is not None:
        return _unchanged.pull(city, source, source.conditional, door, walking)
    with walking(city, source, door, known_of(city, source, door)) as walk:
        return walk.snapshot()


@contextmanager
def walking(city: City, source: Source, door: Door, known: KnownRows | None = None) -> Iterator[Walk[int]]:
    """Yield the walk from page to page, not yet begun: ``doctor`` takes single steps of it."""
    reader = Reader(source.encoding, known)
    with Session(source, door) as session:

        def read(page: int, number: int) -> Answer[int]:
            reply = session.page(number, _changes(source, page))

            def judged(document: object) -> Answer[int]:
                verify(source, document)
                records = records_of(source, document, first=page == source.first_page)
                total, version = declared(source, document), version_of(source, document)
                following = page + 1 if source.page_param else None
                return Answer(reply.raw, records, total, following, reply.changed_at, reply.answered_at, version)

            with session.reading(number):
                return reader.read(reply.data, judged)

        size = source.page_size if source.size_param else 0
        yield Walk(
            city,
            door,
            source.first_page,
            read,
            empty_ends=True,
            total_ends=True,
            page_size=size,
            notes=session.notes,
            known=known,
        )


def _changes(source: Source, page: int) -> dict[str, object]:
    """Return the paging parameters, numbers as numbers: a JSON body tells 1 from "1"."""
    asked: dict[str, object] = {} if source.page_param is None else {source.page_param: page}
    return asked if source.size_param is None else {**asked, source.size_param: source.page_size}
