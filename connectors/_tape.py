"""What a pull heard from outside, in order: recorded as it is heard, and said again without a network.

A connector asks the outside through ``door.tape`` and nothing else, and keeps no answer that is not on the tape: bytes
by their hash, headers and counts as facts, refusals by their reason. So the same pull can be made again, whatever the
source has become since.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from citysync.domain.errors import CitySyncError, SourceError
from citysync.domain.snapshot import RawPage
from citysync.domain.verdict import Fault


@dataclass(frozen=True, slots=True)
class Heard:
    """One answer: its bytes, if any, and facts about it that JSON can hold. No secrets."""

    data: bytes = b""
    facts: Mapping[str, Any] = field(default_factory=dict)


class Tape(Protocol):
    """Asks the outside, or remembers what it answered."""

    def hear(self, question: str, ask: Callable[[], Heard]) -> Heard:
        """Return the answer to a question; raises the ``SourceError`` that was the answer."""


class Live:
    """Asks, and remembers nothing."""

    def hear(self, question: str, ask: Callable[[], Heard]) -> Heard:
        """Return what the outside answers."""
        del question
        return ask()


class Recorder:
    """Asks, and remembers every answer and every look at the clock.

    ``keep``: bytes → the hash they are kept by. Looks at the clock while the outside is being asked are not recorded:
    on replay nobody asks.
    """

    def __init__(self, keep: Callable[[bytes], str], clock: Callable[[], datetime]) -> None:
        self._keep, self._clock = keep, clock
        self._asking = False
        self.heard: list[dict[str, Any]] = []
        self.moments: list[str] = []

    def hear(self, question: str, ask: Callable[[], Heard]) -> Heard:
        """Return what the outside answers, remembered."""
        self._asking = True
        try:
            answer = ask()
        except SourceError as error:
            refused = {
                "kind": type(error).__name__,
                "reason": error.reason,
                "text": str(error),
                "place": error.place,
                "fault": error.fault.value,
            }
            self.heard.append({"asked": question, "refused": refused})
            raise
        finally:
            self._asking = False
        kept = {"sha256": self._keep(answer.data)} if answer.data else {}
        facts = {"facts": dict(answer.facts)} if answer.facts else {}
        self.heard.append({"asked": question, **kept, **facts})
        return answer

    def now(self) -> datetime:
        """Return the clock, remembered."""
        moment = self._clock()
        if not self._asking:
            self.moments.append(moment.isoformat())
        return moment


class Astray(CitySyncError):
    """A replay asked something the recorded pull had not asked: the rules of asking have changed since."""

    reason = "astray"


class Player:
    """Says again what a ``Recorder`` remembered. ``read``: a hash → the bytes kept by it; ``pages``: as they came."""

    def __init__(
        self,
        heard: Sequence[Mapping[str, Any]],
        moments: Sequence[str],
        pages: Sequence[RawPage],
        read: Callable[[str], bytes],
    ) -> None:
        self._heard, self._moments, self._pages = iter(heard), iter(moments), iter(pages)
        self._read = read

    def hear(self, question: str, ask: Callable[[], Heard]) -> Heard:
        """Return what was answered then; raises ``Astray`` for a question that was not asked."""
        del ask
        entry = next(self._heard, None)
        if entry is None or entry["asked"] != question:
            then = "没有再问" if entry is None else f"问的是 {entry['asked']}"
            raise Astray(
                f"重放走到了当时没有走的一步：现在要问 {question}，当时{then}；取数的规则已经改变，无法逐字重放"
            )
        if "refused" in entry:
            refused = entry["refused"]
            kind = _error_of(refused.get("kind", ""), refused["reason"])
            raise kind(refused["text"], place=refused["place"], fault=Fault(refused["fault"]))
        return Heard(self._read(entry["sha256"]) if "sha256" in entry else b"", entry.get("facts", {}))

    def now(self) -> datetime:
        """Return what the clock said then."""
        moment = next(self._moments, None)
        if moment is None:
            raise Astray("重放比当时多看了一次时钟；规则已经改变，无法逐字重放")
        return datetime.fromisoformat(moment)

    def keep(self, data: bytes, number: int, url: str) -> RawPage:
        """Return the record of a page as it was kept then."""
        del data
        page = next(self._pages, None)
        if page is None or (page.number, page.url) != (number, url):
            raise Astray(f"重放得到了当时没有的一页：第 {number} 页；取数的规则已经改变，无法逐字重放")
        return page


def _error_of(name: str, reason: str) -> type[SourceError]:
    """Return the class of a refusal: an expired cursor is more than unreadable. Older tapes know the reason only."""
    kinds = list(_kinds(SourceError))
    exact = next((kind for kind in kinds if kind.__name__ == name), None)
    return exact or next((kind for kind in kinds if kind.reason == reason), SourceError)


def _kinds(kind: type[SourceError]) -> Iterator[type[SourceError]]:
    yield kind
    for narrower in kind.__subclasses__():
        yield from _kinds(narrower)
