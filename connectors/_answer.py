"""What an HTTP status and its headers say, before any body is read. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import lru_cache

from citysync.domain.errors import Refused, Throttled, Unreachable, Unreadable
from citysync.domain.verdict import Fault
from connectors._http import Expired
from connectors._transport import ATTEMPTS, Trouble

LONGEST_WAIT = 60.0
CONDITIONS = frozenset({"If-None-Match", "If-Modified-Since"})
_OK, _NO_CONTENT, _NOT_MODIFIED = 200, 204, 304
_UNAUTHORIZED, _FORBIDDEN, _NOT_FOUND, _GONE = 401, 403, 404, 410
_TOO_MANY, _REQUEST_TIMEOUT, _SERVER_SIDE = 429, 408, 500
_QUOTED = 200
_LABEL = 60
_SKEW_WORTH_NOTING = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Whole:
    """A whole answer. ``etag``, ``modified``: its marks as sent; ``unchanged``: status 304, and no body of its own.

    ``label``: what it calls its content where that is not JSON.
    """

    data: bytes
    url: str
    next_link: str | None
    changed_at: datetime | None
    answered_at: datetime | None
    etag: str | None = None
    modified: str | None = None
    unchanged: bool = False
    label: str | None = None


def whole_of(
    data: bytes, url: str, next_link: str | None, headers: Mapping[str, str], hidden: Callable[[str], str]
) -> Whole:
    """Return an answer with what its headers add. ``hidden``: takes secrets out; a mark that has one is none."""
    return Whole(
        data,
        url,
        next_link,
        changed_at=http_date(headers.get("Last-Modified")),
        answered_at=http_date(headers.get("Date")),
        etag=_mark(headers.get("ETag"), hidden),
        modified=_mark(headers.get("Last-Modified"), hidden),
        label=odd_label(headers, hidden),
    )


def is_unchanged(status: int, asked: Mapping[str, str]) -> bool:
    """Return whether an answer says that a page did not change since we had it, as we had asked."""
    return status == _NOT_MODIFIED and not CONDITIONS.isdisjoint(asked)


def trouble_of(status: int, headers: Mapping[str, str], secret: str | None, now: datetime) -> Trouble | None:
    """Return what is wrong with an answer, None for a plain 200. ``secret``: the secret's name, never its value."""
    if status == _OK:
        return None
    if status == _NO_CONTENT:
        return Trouble(Unreadable("空响应（204）：没有任何内容；这不等于没有事项，请检查接口"))
    if 300 <= status < 400 and status != _NOT_MODIFIED:  # noqa: PLR2004 — the redirects
        place = headers.get("Location", "未说明")
        text = f"接口要求跳转（{status}）到 {place[:_QUOTED]}；跳转从不跟随，请把 url 改为最终地址"
        return Trouble(Unreadable(text))
    if status in {_UNAUTHORIZED, _FORBIDDEN}:
        refused = Refused(f"凭据被拒绝（{status}）；请核对密钥 {secret or '（未配置 auth）'}")
        return Trouble(refused, renewable=status == _UNAUTHORIZED)
    if status in {_TOO_MANY, _REQUEST_TIMEOUT} or status >= _SERVER_SIDE:
        return _later(status, headers, now)
    return Trouble(_gone(status))


def retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    """Return the seconds an answer asks us to wait; None for nothing, junk and negative numbers.

    A moment is read by the server's own clock where it shows it: one three hours ahead does not mean three hours.
    """
    asked = headers.get("Retry-After", "").strip()
    if asked.isascii() and asked.isdigit():
        return float(asked)
    moment = http_date(asked)
    return None if moment is None else max(0.0, (moment - (http_date(headers.get("Date")) or now)).total_seconds())


@lru_cache(maxsize=8)
def http_date(sent: str | None) -> datetime | None:
    """Return the moment an HTTP header names, None if none can be read."""
    try:
        moment = parsedate_to_datetime(sent or "")
    except (ValueError, OverflowError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def seconds_of(fact: float | None) -> timedelta | None:
    """Return the span a tape kept as seconds."""
    return None if fact is None else timedelta(seconds=fact)


def moment_of(fact: str | None) -> datetime | None:
    """Return the moment a tape kept as ISO 8601."""
    return None if fact is None else datetime.fromisoformat(fact)


def odd_label(headers: Mapping[str, str], hidden: Callable[[str], str] = str) -> str | None:
    """Return what an answer calls its content where that is not JSON, None for JSON and for no word at all."""
    said = headers.get("Content-Type", "").partition(";")[0].strip().lower()
    return hidden(said)[:_LABEL] if said and "json" not in said else None


def odd_notes(skew: timedelta | None, label: str | None) -> tuple[str | None, str | None]:
    """Return what was odd about answers, in words: a clock that is off, a name that is not its content's."""
    return skew_note(skew), label_note(label)


def label_note(said: str | None) -> str | None:
    """Return that an answer was not what it called itself; it was read by its content and judges nobody."""
    if said is None:
        return None
    return (
        f"响应的 Content-Type 标为 {said}，内容是 JSON，已按内容读取；请市里把接口的 Content-Type 改为 application/json"
    )


def skew_note(skew: timedelta | None) -> str | None:
    """Return how far a server's clock is from ours, in words, where it is worth noting; it judges nobody."""
    if skew is None or abs(skew) < _SKEW_WORTH_NOTING:
        return None
    minutes = round(abs(skew).total_seconds() / 60)
    away = f"{minutes} 分钟" if minutes < 120 else f"{minutes / 60:.1f} 小时"  # noqa: PLR2004 — two hours
    return f"对方时钟比本系统{'快' if skew > timedelta() else '慢'} {away}（据响应头 Date），不影响结论"


def _mark(sent: str | None, hidden: Callable[[str], str]) -> str | None:
    usable = sent is not None and sent.isascii() and sent.isprintable() and len(sent) <= _QUOTED
    return sent if usable and sent is not None and hidden(sent) == sent else None


def _gone(status: int) -> Unreadable:
    kind, said = {_NOT_FOUND: (Unreadable, "接口地址已失效"), _GONE: (Expired, "接口地址或游标已失效")}.get(
        status, (Unreadable, "接口拒绝了请求")
    )
    return kind(f"{said}（{status}）；请核对 url、method 与参数")


def _later(status: int, headers: Mapping[str, str], now: datetime) -> Trouble:
    after = retry_after(headers, now)
    if after is not None and after > LONGEST_WAIT:
        asked = headers.get("Retry-After", "")[:40]
        return Trouble(Throttled(f"对方要求等待 {asked}（{status}），超过 {LONGEST_WAIT:.0f} 秒；请稍后重试"))
    if status == _TOO_MANY:
        return Trouble(Throttled("请求过多（429）；请与市里商定访问频率"), ATTEMPTS, after)
    text = f"服务端出错（{status}）；请市里检查接口"
    if status == _REQUEST_TIMEOUT:
        text = "服务端等待请求超时（408）；请市里检查接口"
    return Trouble(Unreachable(text, fault=Fault.CITY), ATTEMPTS, after)
