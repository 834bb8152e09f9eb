"""What a broken connection is called, whose it is, and what another try is worth. Knows urllib3, not requests."""

from __future__ import annotations

import errno
import http.client
import re
import socket
import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from urllib3.exceptions import (
    ConnectTimeoutError,
    IncompleteRead,
    NameResolutionError,
    ReadTimeoutError,
    SSLError,
)

from citysync.domain.errors import SourceError, Unreachable
from citysync.domain.verdict import Fault
from connectors._certificate import last_day

CONNECT_SECONDS = 5.0
ATTEMPTS = 4
_NAME_ATTEMPTS = 2
_EXPIRED = "证书已过期"
_TLS = {
    "certificate has expired": _EXPIRED,
    "not yet valid": "证书尚未生效",
    "Hostname mismatch": "证书域名不符",
    "IP address mismatch": "证书域名不符",
    "self-signed": "证书颁发机构不受信任",
    "self signed": "证书颁发机构不受信任",
    "unable to get local issuer": "证书颁发机构不受信任",
    "unable to get issuer": "证书颁发机构不受信任",
    "WRONG_VERSION_NUMBER": "该端口不是 HTTPS",
    "wrong version number": "该端口不是 HTTPS",
    "record layer failure": "该端口不是 HTTPS",
}
_BROKEN_OFF = re.compile(r"UNEXPECTED_EOF|EOF occurred|reset by peer|closed \(EOF\)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Trouble:
    """What one attempt met.

    ``attempts``: how many are worth making in all; ``after``: the seconds the source asked for; ``renewable``: another
    token may help.
    """

    error: SourceError
    attempts: int = 1
    after: float | None = None
    renewable: bool = False


def transport_fault(error: Exception, host: str, seconds: float) -> Trouble:
    """Return what a broken connection is called, whose it is, and how many attempts it is worth.

    The cause decides, not the wrapper: a read time-out in mid-body comes as a ConnectionError. A server that was
    reached and then fell silent or closed too early is the city's; what never arrived, or was refused or reset
    on the way (a firewall answers like a closed port), is nobody's.
    """
    chain = list(_causes(error))
    own = next((cause for cause in chain if isinstance(cause, SourceError)), None)
    if own is not None:
        return Trouble(own)
    for kinds, called in _CALLED:
        if any(isinstance(cause, kinds) for cause in chain):
            return called(chain, host, seconds)
    return _between_us(f"连接中断（{type(chain[-1]).__name__}）；请检查接口或网络")


def _tls(chain: list[BaseException], host: str, _: float) -> Trouble:
    said = " ".join(map(str, chain))
    found = next((shown for sign, shown in _TLS.items() if sign in said), None)
    if found is None and _BROKEN_OFF.search(said):
        return _between_us(f"与 {host} 的 TLS 握手被中断；请检查网络与端口")
    day = next(filter(None, map(last_day, chain)), None)
    if found == _EXPIRED and day is not None:
        found = f"{found}（{day.isoformat()}）"
    return _citys(f"{found or 'TLS 握手失败'}；请市里检查证书与端口（证书从不跳过校验）", attempts=1)


def _name(_: list[BaseException], host: str, __: float) -> Trouble:
    return _between_us(f"域名 {host} 无法解析；请检查 url 与 DNS", attempts=_NAME_ATTEMPTS)


def _headers(chain: list[BaseException], *_: object) -> Trouble:
    said = " ".join(map(str, chain))
    if "headers" in said:
        return _citys("响应头超过 100 个；请市里检查接口或网关", attempts=1)
    return _citys("响应头或状态行过长；请市里检查接口或网关", attempts=1)


def _no_route(chain: list[BaseException], host: str, _: float) -> Trouble:
    numbers = {cause.errno for cause in chain if isinstance(cause, OSError)}
    if numbers & {errno.EHOSTUNREACH, errno.ENETUNREACH}:
        return _between_us(f"没有到 {host} 的路由；请检查省平台网络")
    return _between_us(f"连接中断（{type(chain[-1]).__name__}）；请检查接口或网络")


def _citys(text: str, attempts: int = ATTEMPTS) -> Trouble:
    return Trouble(Unreachable(text, fault=Fault.CITY), attempts)


def _between_us(text: str, attempts: int = ATTEMPTS) -> Trouble:
    return Trouble(Unreachable(text), attempts)


# The first that is found in the chain of causes decides.
_CALLED: tuple[tuple[tuple[type[BaseException], ...], Callable[[list[BaseException], str, float], Trouble]], ...] = (
    ((ssl.SSLError, SSLError), _tls),
    ((NameResolutionError, socket.gaierror), _name),
    ((ConnectionRefusedError,), lambda _, host, __: _between_us(f"{host} 拒绝连接（端口未监听）；请市里检查服务")),
    (
        (ConnectTimeoutError,),
        lambda _, host, s: _between_us(f"{min(CONNECT_SECONDS, s):.0f} 秒内未能连接 {host}；请检查网络"),
    ),
    ((TimeoutError, ReadTimeoutError), lambda _, __, s: _citys(f"{s:.0f} 秒内无响应；请市里检查接口")),
    (
        (http.client.IncompleteRead, IncompleteRead),
        lambda *_: _citys("响应不完整：实收少于声明的长度，或缺少分块的结束标记；请检查接口或中间网关"),
    ),
    ((http.client.RemoteDisconnected,), lambda *_: _between_us("对方未作应答就断开连接；请检查接口或网络")),
    (
        (http.client.BadStatusLine, http.client.UnknownProtocol),
        lambda *_: _citys("应答不是 HTTP（端口可能是 HTTPS 或其他服务）；请核对 url", attempts=1),
    ),
    ((http.client.LineTooLong,), _headers),
    ((http.client.HTTPException,), _headers),
    ((OSError,), _no_route),
)


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield an exception and whatever is wrapped in it, however it is wrapped."""
    seen: list[BaseException] = []
    waiting: list[object] = [error]
    while waiting:
        candidate = waiting.pop(0)
        if isinstance(candidate, BaseException) and candidate not in seen:
            seen.append(candidate)
            waiting += [candidate.__cause__, candidate.__context__, getattr(candidate, "reason", None), *candidate.args]
            yield candidate
