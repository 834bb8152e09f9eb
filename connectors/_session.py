"""The one place that speaks HTTP: bounded in time, bytes and attempts, and silent about secrets.

Gzip is decoded here because the libraries accept half a stream, and no exception of theirs leaves this module, since
their texts quote the address with its token.
"""

from __future__ import annotations

import http.client
import logging
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from types import TracebackType
from typing import Any, Self

import urllib3

from citysync.domain.errors import OverBudget, SourceError, Throttled
from citysync.domain.snapshot import RawPage
from connectors._answer import Whole, http_date, is_unchanged, moment_of, odd_notes, seconds_of, trouble_of, whole_of
from connectors._calls import Calls, next_link
from connectors._credentials import Keys, Pass
from connectors._door import Door
from connectors._guarded import Wire
from connectors._gzip import Cut, whole_body
from connectors._http import Ask, HttpSource, build, build_following, build_post, origin, token_ask, token_in, told
from connectors._tape import Heard
from connectors._transport import ATTEMPTS, CONNECT_SECONDS, Trouble, transport_fault

PAUSES = (1.0, 4.0, 16.0)
REQUEST_SECONDS = 120.0
CITY_BYTES = 2 * 2**30
SLOWEST_BYTES_A_SECOND = 1024
_RATE_COUNTS_FROM_SECONDS = 30.0
_GAP, _LONGEST_GAP = 0.25, 2.0
_CHUNK = 65_536
_FOREIGN = (urllib3.exceptions.HTTPError, http.client.HTTPException, OSError, ValueError)


@dataclass(frozen=True, slots=True)
class Reply:
    """One page: bytes, kept already; where it came from; what its headers add. ``answered_at``: the server's clock."""

    data: bytes
    raw: RawPage
    url: str
    next_link: str | None
    changed_at: datetime | None
    answered_at: datetime | None


class Session:
    """A conversation with one city's origin; raises ``SourceError``, or ``ConfigError`` for an unusable secret."""

    def __init__(self, source: HttpSource, door: Door) -> None:
        self._source, self._door = source, door
        self._keys = Keys(source.auth, door)
        self._deadline = door.monotonic() + source.budget_seconds
        self._bytes = 0
        self._gap, self._throttled = 0.0, 0
        self._skew: timedelta | None = None
        self._label: str | None = None
        self._wire = Wire()
        self._calls = Calls(self._wire, source.ca_file)
        # Below a warning it quotes addresses with their queries, and so a token that travels there.
        logging.getLogger("urllib3.connectionpool").setLevel(logging.WARNING)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._calls.close()
        self._wire.close()

    def page(self, number: int, changes: Mapping[str, object]) -> Reply:
        """Return a page of the configured address, some of its parameters set."""
        return self._fetch(f"page {changes}", lambda: build(self._source, changes, self._show()), number)

    def follow(self, number: int, link: str) -> Reply:
        """Return the page a checked next link leads to."""
        asked = f"follow {self.redacted(link)}"
        return self._fetch(asked, lambda: build_following(self._source, link, self._show()), number)

    def post(self, number: int, url: str, document: Mapping[str, object], **hints: object) -> Reply:
        """Return what an address within the city's origin answers to a JSON document.

        ``hints``: more of the document, which an answer need not follow. They are no part of the question: a tape that
        was made without them answers as a server does that knows nothing of them.
        """
        asked = f"post {self.redacted(url)} {told(document)}"
        return self._fetch(asked, lambda: build_post(self._source, url, {**document, **hints}, self._show()), number)

    def redacted(self, text: str) -> str:
        """Return a text that may be shown: without this city's secret in any form."""
        return self._keys.redacted(text)

    def notes(self) -> tuple[str, ...]:
        """Return what was odd about the conversation and judges nobody: a clock, a label, requests to slow down."""
        slowed = f"对方 {self._throttled} 次要求放慢（429），已降低访问频率" if self._throttled else None
        return tuple(filter(None, (*odd_notes(self._skew, self._label), slowed)))

    @contextmanager
    def reading(self, number: int) -> Iterator[None]:
        """Name the page in whatever is found unreadable on it, and take an echoed secret out of the text."""
        try:
            yield
        except SourceError as error:
            error.place = f"第 {number} 页"
            error.args = (self.redacted(f"{error.place}：{error}"),)
            raise

    def _fetch(self, asked: str, compose: Callable[[], Ask], number: int) -> Reply:
        heard = self._door.tape.hear(f"{number} {asked}", lambda: self._answer(asked, compose, f"第 {number} 页"))
        url = str(heard.facts["url"])
        self._skew = seconds_of(heard.facts.get("skew"))
        self._throttled = int(heard.facts.get("throttled", 0))
        self._label = self._label or heard.facts.get("label")
        raw = self._door.keep(heard.data, number, url)
        if self._door.conditions is not None:
            self._door.conditions.heard(asked, heard.facts, raw.sha256)
        changed_at, answered_at = (moment_of(heard.facts.get(name)) for name in ("changed_at", "answered_at"))
        return Reply(heard.data, raw, url, heard.facts.get("next_link"), changed_at, answered_at)

    def _answer(self, asked: str, compose: Callable[[], Ask], place: str) -> Heard:
        """Return a whole answer and what came with it; no secret is in either."""

        def insist(more: Mapping[str, str]) -> Whole:
            whole = self._insist(lambda: compose().having(more), place)
            return replace(whole, data=self._keys.without(whole.data))

        if self._door.conditions is None:
            return Heard((whole := insist({})).data, self._facts(whole))
        whole, data, more = self._door.conditions.settled(asked, insist)
        return Heard(data, self._facts(whole) | more)

    def _facts(self, whole: Whole) -> dict[str, Any]:
        facts: dict[str, Any] = {"url": self.redacted(whole.url), "next_link": whole.next_link, "label": whole.label}
        facts["throttled"] = self._throttled or None
        facts["skew"] = None if self._skew is None else self._skew.total_seconds()
        for name, moment in (("changed_at", whole.changed_at), ("answered_at", whole.answered_at)):
            facts[name] = moment and moment.isoformat()
        return {name: fact for name, fact in facts.items() if fact is not None}

    def _insist(self, compose: Callable[[], Ask], place: str) -> Whole:
        """Return a whole answer, after as many attempts as help; each is composed anew: a signature is good once."""
        if self._gap:
            self._door.wait(self._gap)
        attempt = 1
        while isinstance(outcome := self._attempt(compose()), Trouble):
            if self._renewed(outcome):
                self._door.again("令牌已失效，已换新令牌继续")
                continue
            pause = self._pause(outcome, attempt)
            if pause is None:
                # Raised outside any except clause: a foreign exception in the chain would print the address.
                tried = f"（共试 {attempt} 次）" if attempt > 1 else ""
                text = self.redacted(f"{place}：{outcome.error}{tried}")
                raise type(outcome.error)(text, place=place, fault=outcome.error.fault)
            self._door.again(f"{place}第 {attempt} 次未成功，{pause:.0f} 秒后再试")
            self._door.wait(pause)
            attempt += 1
        return outcome

    def _show(self) -> Pass:
        if self._source.auth.token is not None and self._keys.token is None:
            self._obtain()
        return self._keys.show()

    def _obtain(self) -> None:
        """Exchange the secret for a token; what answers is kept nowhere, since it is a secret itself."""
        whole = self._insist(lambda: token_ask(self._source, self._keys.secret or ""), "令牌接口")
        try:
            token = token_in(self._source, whole.data)
        except SourceError as error:
            raise type(error)(self.redacted(f"令牌接口：{error}"), place="令牌接口") from None
        self._keys.take(token)

    def _renewed(self, trouble: Trouble) -> bool:
        """Return whether a refused token was replaced by another; once a pull, since a second refusal is an answer."""
        if not trouble.renewable or self._keys.renewed:
            return False
        self._keys.renewed = True
        if self._source.auth.token is None:
            return self._keys.read_again()
        self._obtain()
        return True

    def _pause(self, trouble: Trouble, attempt: int) -> float | None:
        if isinstance(trouble.error, Throttled):
            self._throttled += 1
            self._gap = min(max(_GAP, self._gap * 2), _LONGEST_GAP)
        if attempt >= trouble.attempts:
            return None
        # A spread without randomness: 21 cities behind one gateway do not come back in the same instant.
        spread = zlib.crc32(f"{self._source.url} {attempt}".encode()) % 1000 / 2000
        pause = PAUSES[attempt - 1] * (0.75 + spread) if trouble.after is None else trouble.after
        return pause if self._door.monotonic() + pause < self._deadline else None

    def _attempt(self, ask: Ask) -> Whole | Trouble:
        left = self._deadline - self._door.monotonic()
        if left <= 0:
            return Trouble(OverBudget(self._spent()))
        seconds = min(float(self._source.timeout_seconds), left)
        host = (origin(ask.url) or ("", "?", 0))[1]
        longest = min(left, CONNECT_SECONDS + seconds + REQUEST_SECONDS)
        self._door.meter.asked()
        self._door.meter.arrived(0)
        try:
            with self._wire.no_longer_than(longest):
                outcome = self._exchange(ask, seconds)
        except Cut as error:
            outcome = Trouble(Cut(str(error)), ATTEMPTS)
        except SourceError as error:
            outcome = Trouble(error)
        except _FOREIGN as error:
            outcome = transport_fault(error, host, seconds)
        if self._wire.cut:  # whatever it looked like to those who were reading
            spent = f"响应过慢：{longest:.0f} 秒内没有收完一次响应；请检查接口或网络"
            return Trouble(OverBudget(spent if longest < left else self._spent()))
        return outcome

    def _spent(self) -> str:
        return f"已用完 {self._source.budget_seconds} 秒的时间预算；请检查接口速度或调大 budget_seconds"

    def _exchange(self, ask: Ask, seconds: float) -> Whole | Trouble:
        with self._calls.answer(ask, min(CONNECT_SECONDS, seconds), seconds) as response:
            sent_at = http_date(response.headers.get("Date"))
            if sent_at is not None and self._skew is None:
                self._skew = sent_at - self._door.now()
            secret = self._source.auth.secret
            if is_unchanged(response.status, ask.headers):
                return replace(self._read(b"", response, ask.url), unchanged=True)
            trouble = trouble_of(response.status, response.headers, secret, self._door.now())
            return trouble or self._whole(response, ask.url)

    def _whole(self, response: urllib3.HTTPResponse, url: str) -> Whole:
        data = whole_body(self._chunks(response), response.headers.get("Content-Encoding", ""))
        self._count(len(data))
        return self._read(data, response, url)

    def _read(self, data: bytes, response: urllib3.HTTPResponse, url: str) -> Whole:
        return whole_of(data, url, next_link(response), response.headers, self.redacted)

    def _count(self, size: int) -> None:
        self._bytes += size
        self._door.meter.read(size)
        if self._bytes > CITY_BYTES:
            raise OverBudget(f"全部响应超过上限 {CITY_BYTES // 2**30} GB；请检查接口是否重复给出数据")

    def _chunks(self, response: urllib3.HTTPResponse) -> Iterator[bytes]:
        # read1, not read: read(n) waits for n bytes, and a byte every few seconds would never meet a time-out.
        started = self._door.monotonic()
        received = 0
        while chunk := response.read1(_CHUNK, decode_content=False):
            received += len(chunk)
            self._door.meter.arrived(len(chunk))
            now = self._door.monotonic()
            spent = now - started
            slow = spent > _RATE_COUNTS_FROM_SECONDS and received < spent * SLOWEST_BYTES_A_SECOND
            if slow or now > self._deadline or spent > REQUEST_SECONDS:
                raise OverBudget(f"响应过慢：{spent:.0f} 秒只收到 {received:,} 字节；请检查接口或网络")
            yield chunk
        length = response.headers.get("Content-Length", "")
        if length.isdigit() and int(length) != received and not response.chunked:
            raise http.client.IncompleteRead(b"", int(length) - received)
