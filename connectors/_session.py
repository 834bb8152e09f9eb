"""The one place that speaks HTTP: bounded in time, bytes and attempts, and silent about secrets.

Redirects are never followed (``requests`` would carry an ``X-Api-Key`` along), proxies and ``.netrc`` of the host are
never used, gzip is decoded here because the libraries accept half a stream, and no exception of theirs leaves this
module, since their texts quote the address with its token.
"""

from __future__ import annotations

import http.client
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from types import TracebackType
from typing import Any, Self

import requests
import urllib3
from requests.adapters import HTTPAdapter

from citysync.domain.errors import (
    ConfigError,
    OverBudget,
    Refused,
    SourceError,
    Throttled,
    Unreachable,
    Unreadable,
)
from citysync.domain.snapshot import RawPage
from connectors._door import Door
from connectors._gzip import Cut, whole_body
from connectors._http import Ask, HttpSource, build, build_following, origin
from connectors._redact import redacted
from connectors._transport import CONNECT_SECONDS, GuardedPool, GuardedSecurePool, transport_fault

ATTEMPTS = 3
PAUSES = (1.0, 4.0)
LONGEST_WAIT = 60.0
REQUEST_SECONDS = 120.0
CITY_BYTES = 2 * 2**30
_CHUNK = 65_536
_OK, _NO_CONTENT = 200, 204
_TOO_MANY, _REQUEST_TIMEOUT, _SERVER_SIDE = 429, 408, 500
_FOREIGN = (requests.RequestException, urllib3.exceptions.HTTPError, http.client.HTTPException, OSError, ValueError)


@dataclass(frozen=True, slots=True)
class Reply:
    """One page: its bytes, kept already; where it really came from; what its headers add.

    ``answered_at``: the server's clock as its ``Date`` header tells it.
    """

    data: bytes
    raw: RawPage
    url: str
    next_link: str | None
    changed_at: datetime | None
    answered_at: datetime | None


@dataclass(frozen=True, slots=True)
class _Whole:
    data: bytes
    next_link: str | None
    changed_at: datetime | None
    answered_at: datetime | None


@dataclass(frozen=True, slots=True)
class _Trouble:
    error: SourceError
    again: bool = False
    after: float | None = None


class Session:
    """A conversation with one city's origin; raises ``SourceError``, or ``ConfigError`` for an unusable secret."""

    def __init__(self, source: HttpSource, door: Door) -> None:
        self._source, self._door = source, door
        self._secret = _usable(door.secret(source.auth.secret), source.auth.secret) if source.auth.secret else None
        self._deadline = door.monotonic() + source.budget_seconds
        self._bytes = 0
        self._http = requests.Session()
        self._http.trust_env = False
        self._http.headers.clear()
        self._http.headers.update({"Accept": "application/json", "Accept-Encoding": "gzip", "User-Agent": "citysync"})
        for scheme in ("http://", "https://"):
            self._http.mount(scheme, _Adapter())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.close()

    def page(self, number: int, changes: Mapping[str, object]) -> Reply:
        """Return a page of the configured address, some of its parameters set."""
        return self._fetch(build(self._source, changes, self._secret), number)

    def follow(self, number: int, link: str) -> Reply:
        """Return the page a checked next link leads to."""
        return self._fetch(build_following(self._source, link, self._secret), number)

    def redacted(self, text: str) -> str:
        """Return a text that may be shown: without this city's secret in any form."""
        if self._secret is None:
            return redacted(text)
        return redacted(text, (f"{self._source.auth.user}:{self._secret}", self._secret))

    @contextmanager
    def reading(self, number: int) -> Iterator[None]:
        """Name the page in whatever is found unreadable on it, and take an echoed secret out of the text."""
        try:
            yield
        except SourceError as error:
            error.place = f"第 {number} 页"
            error.args = (self.redacted(f"{error.place}：{error}"),)
            raise

    def _fetch(self, ask: Ask, number: int) -> Reply:
        place = f"第 {number} 页"
        attempt = 1
        while isinstance(outcome := self._attempt(ask), _Trouble):
            pause = self._pause(outcome, attempt)
            if pause is None:
                # Raised outside any except clause: a foreign exception in the chain would print the address.
                tried = f"（共试 {attempt} 次）" if attempt > 1 else ""
                raise type(outcome.error)(self.redacted(f"{place}：{outcome.error}{tried}"), place=place)
            self._door.progress(f"{place}第 {attempt} 次未成功，{pause:.0f} 秒后再试")
            self._door.wait(pause)
            attempt += 1
        raw = self._door.keep(outcome.data, number, self.redacted(ask.url))
        return Reply(outcome.data, raw, ask.url, outcome.next_link, outcome.changed_at, outcome.answered_at)

    def _pause(self, trouble: _Trouble, attempt: int) -> float | None:
        if not trouble.again or attempt == ATTEMPTS:
            return None
        # A spread without randomness: 21 cities behind one gateway do not come back in the same instant.
        spread = zlib.crc32(f"{self._source.url} {attempt}".encode()) % 1000 / 2000
        pause = PAUSES[attempt - 1] * (0.75 + spread) if trouble.after is None else trouble.after
        return pause if self._door.monotonic() + pause < self._deadline else None

    def _attempt(self, ask: Ask) -> _Whole | _Trouble:
        left = self._deadline - self._door.monotonic()
        if left <= 0:
            return _Trouble(
                OverBudget(f"已用完 {self._source.budget_seconds} 秒的时间预算；请检查接口速度或调大 budget_seconds")
            )
        seconds = min(float(self._source.timeout_seconds), left)
        try:
            with self._http.request(
                ask.method,
                ask.url,
                headers=dict(ask.headers),
                data=ask.body,
                timeout=(min(CONNECT_SECONDS, seconds), seconds),
                allow_redirects=False,
                stream=True,
            ) as response:
                return self._trouble(response) or self._whole(response)
        except Cut as error:
            return _Trouble(Cut(str(error)), again=True)
        except SourceError as error:
            return _Trouble(error)
        except _FOREIGN as error:
            host = (origin(ask.url) or ("", "?", 0))[1]
            return _Trouble(*transport_fault(error, host, seconds))

    def _whole(self, response: requests.Response) -> _Whole:
        data = whole_body(self._chunks(response), response.headers.get("Content-Encoding", ""))
        self._bytes += len(data)
        if self._bytes > CITY_BYTES:
            raise OverBudget(f"全部响应超过上限 {CITY_BYTES // 2**30} GB；请检查接口是否重复给出数据")
        changed_at, answered_at = (_date(response.headers.get(name)) for name in ("Last-Modified", "Date"))
        return _Whole(data, _next_link(response), changed_at, answered_at)

    def _chunks(self, response: requests.Response) -> Iterator[bytes]:
        # read1, not read: read(n) waits for n bytes, and a byte every few seconds would never meet a time-out.
        started = self._door.monotonic()
        received = 0
        while chunk := response.raw.read1(_CHUNK, decode_content=False):
            received += len(chunk)
            now = self._door.monotonic()
            if now > self._deadline or now - started > REQUEST_SECONDS:
                raise OverBudget(f"响应过慢：{now - started:.0f} 秒只收到 {received:,} 字节；请检查接口或网络")
            yield chunk
        length = response.headers.get("Content-Length", "")
        if length.isdigit() and int(length) != received:
            raise http.client.IncompleteRead(b"", int(length) - received)

    def _trouble(self, response: requests.Response) -> _Trouble | None:
        status = response.status_code
        if status == _OK:
            return None
        if status == _NO_CONTENT:
            return _Trouble(Unreadable("空响应（204）：没有任何内容；这不等于没有事项，请检查接口"))
        if 300 <= status < 400:  # noqa: PLR2004 — the redirects
            place = response.headers.get("Location", "未说明")
            return _Trouble(
                Unreadable(f"接口要求跳转（{status}）到 {place[:200]}；跳转从不跟随，请把 url 改为最终地址")
            )
        if status in {401, 403}:
            return _Trouble(
                Refused(f"凭据被拒绝（{status}）；请核对密钥 {self._source.auth.secret or '（未配置 auth）'}")
            )
        if status in {_TOO_MANY, _REQUEST_TIMEOUT} or status >= _SERVER_SIDE:
            return self._later(response)
        gone = "接口地址已失效" if status in {404, 410} else "接口拒绝了请求"
        return _Trouble(Unreadable(f"{gone}（{status}）；请核对 url、method 与参数"))

    def _later(self, response: requests.Response) -> _Trouble:
        status, asked = response.status_code, response.headers.get("Retry-After", "")
        after = self._retry_after(asked)
        if after is not None and after > LONGEST_WAIT:
            return _Trouble(Throttled(f"对方要求等待 {asked[:40]}（{status}），超过 {LONGEST_WAIT:.0f} 秒；请稍后重试"))
        if status == _TOO_MANY:
            return _Trouble(Throttled("请求过多（429）；请与市里商定访问频率"), again=True, after=after)
        return _Trouble(Unreachable(f"服务端出错（{status}）；请市里检查接口"), again=True, after=after)

    def _retry_after(self, asked: str) -> float | None:
        if asked.strip().isascii() and asked.strip().isdigit():
            return float(asked)
        moment = _date(asked)
        return None if moment is None else max(0.0, (moment - self._door.now()).total_seconds())


def _usable(secret: str, name: str) -> str:
    """Return a secret that can stand in a header; requests would quote an unusable one in its exception."""
    if not secret or not secret.isascii() or not secret.isprintable():
        raise ConfigError(f"密钥 {name} 为空，或含有换行、空白以外的不可见字符或非 ASCII 字符；请检查密钥文件的末尾")
    return secret


def _next_link(response: requests.Response) -> str | None:
    return response.links.get("next", {}).get("url")


def _date(sent: str | None) -> datetime | None:
    try:
        moment = parsedate_to_datetime(sent or "")
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


class _Adapter(HTTPAdapter):
    """Never retries by itself, and looks at the peer's address before a byte is sent."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 — handed on
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": GuardedPool, "https": GuardedSecurePool}

    def close(self) -> None:
        """Close every connection now: urllib3 waits for the collector, and an exception's frames keep pools alive."""
        for key in list(self.poolmanager.pools.keys()):
            self.poolmanager.pools[key].close()
        super().close()
