"""Connections that look at whom they reached, and what a broken one is called. Knows urllib3, not requests."""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
from collections.abc import Iterator

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ConnectTimeoutError, IncompleteRead, NameResolutionError, ReadTimeoutError, SSLError

from citysync.domain.errors import Unreachable

CONNECT_SECONDS = 10.0


def _refuse_inward(host: str, connection: socket.socket) -> None:
    """Refuse a host *name* whose address is our own machine or link-local; a literal stands in the city file."""
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        peer = ipaddress.ip_address(connection.getpeername()[0].split("%")[0])
        address = getattr(peer, "ipv4_mapped", None) or peer
        if address.is_loopback or address.is_link_local or address.is_unspecified:
            connection.close()
            raise Unreachable(f"域名 {host} 解析到本机或链路本地地址，已拒绝连接；请检查 DNS 或 url") from None


class _Connection(HTTPConnection):
    def _new_conn(self) -> socket.socket:
        connection = super()._new_conn()
        _refuse_inward(self.host, connection)
        return connection


class _SecureConnection(HTTPSConnection):
    def _new_conn(self) -> socket.socket:
        connection = super()._new_conn()
        _refuse_inward(self.host, connection)
        return connection


class GuardedPool(HTTPConnectionPool):
    """Plain connections that refuse to be led inward."""

    ConnectionCls = _Connection


class GuardedSecurePool(HTTPSConnectionPool):
    """TLS connections that refuse to be led inward."""

    ConnectionCls = _SecureConnection


def transport_fault(error: Exception, host: str, seconds: float) -> tuple[Unreachable, bool]:
    """Return what a broken connection is called, and whether another attempt may help.

    The cause decides, not the wrapper: a read time-out in mid-body comes as a ConnectionError.
    """
    chain = list(_causes(error))
    for kinds, text, again in (
        ((ssl.SSLError, SSLError), _tls_text(" ".join(map(str, chain))), False),
        ((NameResolutionError, socket.gaierror), f"域名 {host} 无法解析；请检查 url 与 DNS", False),
        ((ConnectionRefusedError,), f"{host} 拒绝连接（端口未监听）；请市里检查服务", True),
        ((ConnectTimeoutError,), f"{min(CONNECT_SECONDS, seconds):.0f} 秒内未能连接 {host}；请检查网络", True),
        ((TimeoutError, ReadTimeoutError), f"{seconds:.0f} 秒内无响应；请市里检查接口", True),
        ((http.client.IncompleteRead, IncompleteRead), "响应不完整：实收字节少于声明的长度；请检查接口或网络", True),
    ):
        if any(isinstance(cause, kinds) for cause in chain):
            return Unreachable(text), again
    return Unreachable(f"连接中断（{type(chain[-1]).__name__}）；请检查接口或网络"), True


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


def _tls_text(reason: str) -> str:
    texts = {
        "certificate has expired": "证书已过期",
        "Hostname mismatch": "证书域名不符",
        "IP address mismatch": "证书域名不符",
        "self-signed": "证书颁发机构不受信任",
        "self signed": "证书颁发机构不受信任",
        "unable to get local issuer": "证书颁发机构不受信任",
        "WRONG_VERSION_NUMBER": "该端口不是 HTTPS",
        "wrong version number": "该端口不是 HTTPS",
        "record layer failure": "该端口不是 HTTPS",
    }
    found = next((shown for sign, shown in texts.items() if sign in reason), "TLS 握手失败")
    return f"{found}；请市里检查证书与端口（证书从不跳过校验）"
