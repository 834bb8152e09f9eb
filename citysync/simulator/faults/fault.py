"""What a fault is: a small declaration of where it is put and what it does; and how one is asked for."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from citysync.domain.errors import ConfigError
from citysync.simulator.dialects import DIALECTS
from citysync.simulator.wire import Script

if TYPE_CHECKING:
    from citysync.simulator.protocols import Answer, Endpoint, Request
    from citysync.simulator.province import Province, SimulatedCity

Record = dict[str, object]
_ASKED = re.compile(
    r"(?P<city>[0-9]{6})=(?P<id>[A-Z][0-9]{2}[a-z]?)(?:@(?P<first>[0-9]+)(?P<open>-(?P<last>[0-9]*))?)?"
)
HTTP, FILE, SQL = "http", "file", "sql"


@dataclass(frozen=True)
class Call:
    """One request to a city, its number from 1 within the run, and the honest answer to it."""

    request: Request
    number: int
    honest: Answer
    endpoint: Endpoint


@dataclass(frozen=True)
class Fault:
    """One way to go wrong. ``id`` and ``title`` are those of the catalogue of faults; ``does`` is one sentence.

    Where it is put, one or more of: ``answer`` (a reply, at socket level where it returns a ``Script``), ``city`` (what
    the city has), ``records`` (its rows as it writes them), ``body`` (the bytes of a page or a file), ``drop`` (the
    folder of its files, once written), ``database`` (the URL of its front-end database, once written), ``source`` (what
    its city file says of the source). ``expect``: what its city file says under ``[expect]`` besides.
    ``dialects``: the only ones it makes sense for; ``last``: the last request it hits unless asked otherwise;
    ``postgresql``: it needs that database.
    """

    id: str
    title: str
    does: str
    answer: Callable[[Call], Answer | Script] | None = None
    city: Callable[[SimulatedCity, Province], SimulatedCity] | None = None
    records: Callable[[list[Record]], list[Record]] | None = None
    body: Callable[[bytes], bytes] | None = None
    drop: Callable[[Path], None] | None = None
    database: Callable[[str], None] | None = None
    source: Callable[[dict[str, object]], dict[str, object]] | None = None
    expect: Mapping[str, object] = field(default_factory=dict)
    dialects: frozenset[str] = frozenset()
    first: int = 1
    last: int | None = None
    postgresql: bool = False

    @property
    def seams(self) -> tuple[str, ...]:
        """Return the kinds of source it can be put into: http, file, sql."""
        if self.dialects:
            return tuple(sorted({seam_of(name) for name in self.dialects}))
        everywhere = self.city is not None or self.records is not None
        found = {
            HTTP: everywhere or self.answer is not None or self.body is not None or self.source is not None,
            FILE: everywhere or self.drop is not None or self.body is not None,
            SQL: everywhere or self.database is not None,
        }
        return tuple(seam for seam, fits in found.items() if fits)

    def fits(self, dialect: str) -> bool:
        """Return whether a city of this dialect can have it."""
        return dialect in self.dialects if self.dialects else seam_of(dialect) in self.seams


def seam_of(dialect: str) -> str:
    """Return the kind of source a dialect is: http, file, sql."""
    return {"file_drop": FILE, "sql_table": SQL}.get(DIALECTS[dialect].connector, HTTP)


@dataclass(frozen=True, slots=True)
class Chosen:
    """A fault asked for: by which city, and in which of its requests (``first`` to ``last``, None: for ever)."""

    city: str
    fault: Fault
    first: int
    last: int | None

    def hits(self, number: int) -> bool:
        """Return whether a request of this number is answered wrongly."""
        return self.first <= number and (self.last is None or number <= self.last)


def chosen(text: str, known: Mapping[str, Fault]) -> Chosen:
    """Return what ``440300=T05`` asks for; ``@37`` is one request, ``@37-`` from it on, ``@37-40`` four of them.

    Raises ``ConfigError`` for anything else.
    """
    asked = _ASKED.fullmatch(text)
    if asked is None:
        raise ConfigError(f"--fault {text!r}：应写 区划代码=故障编号@请求序号，例如 440300=T05@37；@ 之后可省略")
    fault = known.get(asked["id"])
    if fault is None:
        raise ConfigError(f"--fault {text!r}：没有故障 {asked['id']}；可用 {'、'.join(known)}")
    if asked["first"] is None:
        return Chosen(asked["city"], fault, fault.first, fault.last)
    first = int(asked["first"])
    last = (int(asked["last"]) if asked["last"] else None) if asked["open"] else first
    return Chosen(asked["city"], fault, first, last)


def always(city: str, *faults: Fault) -> tuple[Chosen, ...]:
    """Return faults as a city has them when nobody says in which requests."""
    return tuple(Chosen(city, fault, fault.first, fault.last) for fault in faults)


def by_id(*parts: Sequence[Fault]) -> dict[str, Fault]:
    """Return faults by id, in order; an id used twice is a mistake."""
    faults = [fault for part in parts for fault in part]
    known = {fault.id: fault for fault in faults}
    assert len(known) == len(faults), "a fault's id is used twice"  # noqa: S101 - the catalogue's promise
    return known
