"""Pages by link: each answer names the address of the next one, in its body or in its ``Link`` header."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

from pydantic import Field

from citysync.domain.city import City
from citysync.domain.snapshot import Snapshot
from connectors._door import Door
from connectors._envelope import Reader
from connectors._http import HttpSource, declared, next_address, records_of, verify, version_of
from connectors._known import KnownRows
from connectors._last_night import known_of
from connectors._records import dig, text
from connectors._session import Reply, Session
from connectors._walk import Answer, Walk

LINK_HEADER = "header:Link"


class Source(HttpSource):
    """Keys of a linked source; ``next`` is a dotted path into the body, or ``header:Link``."""

    next: Annotated[str, Field(min_length=1)]


def pull(city: City, source: Source, door: Door) -> Snapshot:
    """Return the directory, followed from link to link; a link out of the city's origin is refused unvisited."""
    with walking(city, source, door, known_of(city, source, door)) as walk:
        return walk.snapshot()


@contextmanager
def walking(city: City, source: Source, door: Door, known: KnownRows | None = None) -> Iterator[Walk[str]]:
    """Yield the walk from link to link, not yet begun: ``doctor`` takes single steps of it."""
    reader = Reader(source.encoding, known)
    with Session(source, door) as session:

        def read(link: str, number: int) -> Answer[str]:
            reply = session.follow(number, link) if link else session.page(number, {})

            def judged(document: object) -> Answer[str]:
                verify(source, document)
                records = records_of(source, document, first=not link)
                following = _following(source, reply, document)
                total, version = declared(source, document), version_of(source, document)
                return Answer(reply.raw, records, total, following, reply.changed_at, reply.answered_at, version)

            with session.reading(number):
                return reader.read(reply.data, judged)

        yield Walk(city, door, "", read, empty_ends=False, total_ends=False, notes=session.notes, known=known)


def _following(source: Source, reply: Reply, document: object) -> str | None:
    link = reply.next_link if source.next == LINK_HEADER else text(dig(document, source.next))
    return None if link is None else next_address(reply.url, link, source.url)
