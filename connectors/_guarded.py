"""Connections that look at whom they are about to reach, and that can be cut from outside. Knows urllib3, not requests.

A time-out bounds one wait, never the sum of waits: a server that sends its header byte by byte holds a reader for
hours. So every connection of a city's session can be hung up by the clock on the wall.
"""

from __future__ import annotations

import contextlib
import ipaddress
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from weakref import WeakSet

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import HTTPError

from citysync.domain.errors import Unreachable
from connectors._certificate import witnessed
from connectors._clock import Clock

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


class Wire:
    """The connections of one session; ``cut`` says that the clock hung them up."""

    def __init__(self) -> None:
        self.cut = False
        self._clock = Clock(self._hang_up)
        self._twins: WeakSet[_Twin] = WeakSet()
        self.pools: dict[str, type[HTTPConnectionPool]] = _pools(self)

    def take(self, connection: socket.socket) -> _Twin:
        """Keep a second handle on a connection, by which it can be cut while a read waits inside TLS."""
        twin = _Twin(socket.socket(fileno=os.dup(connection.fileno())))
        self._twins.add(twin)
        return twin

    @contextmanager
    def no_longer_than(self, seconds: float) -> Iterator[None]:
        """Cut every connection when the time is over, whatever is being waited for."""
        self.cut = False
        with self._clock.until(time.monotonic() + seconds):
            yield

    def close(self) -> None:
        """Watch the clock no longer."""
        self._clock.stop()

    def _hang_up(self) -> None:
        self.cut = True
        for twin in list(self._twins):
            twin.cut()


class _Twin:
    def __init__(self, handle: socket.socket) -> None:
        self._handle = handle

    def cut(self) -> None:
        with contextlib.suppress(OSError):  # the other side was quicker
            self._handle.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self._handle.close()


def allowed_addresses(host: str, port: int) -> list[str]:
    """Return where a host may be reached; raises ``Unreachable`` where its name leads to our own machine.

    A literal stands in the city file, so somebody meant it; a name is what a foreign DNS server says today. One inward
    address among several is enough to refuse: which of them is taken is not ours to choose.
    """
    if _literal(host) is not None:
        return [host]
    found = [str(entry[4][0]) for entry in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    for address in found:
        if is_inward(ipaddress.ip_address(address.split("%")[0])):
            raise _led_inward(host)
    return list(dict.fromkeys(found))


def _literal(host: str) -> Address | None:
    try:
        return ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return None


def is_inward(address: Address) -> bool:
    """Return whether an address is our own machine or link-local, however it is dressed up."""
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if address in _NAT64:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            return is_inward(inner)
    return address.is_loopback or address.is_link_local or address.is_unspecified


def _led_inward(host: str) -> Unreachable:
    return Unreachable(f"域名 {host} 解析到本机或链路本地地址，已拒绝连接；请检查 DNS 或 url")


def _pools(wire: Wire) -> dict[str, type[HTTPConnectionPool]]:
    class Guarded(HTTPConnection):
        _twin: _Twin | None = None

        def _new_conn(self) -> socket.socket:
            connection = _reached(self, super()._new_conn)
            self._twin = wire.take(connection)
            return connection

        def close(self) -> None:
            super().close()
            if self._twin is not None:
                self._twin.close()

    class GuardedSecure(Guarded, HTTPSConnection):
        def connect(self) -> None:
            self.ssl_context = witnessed(self.ssl_context, self.cert_reqs)
            super().connect()

    class Pool(HTTPConnectionPool):
        ConnectionCls = Guarded

    class SecurePool(HTTPSConnectionPool):
        ConnectionCls = GuardedSecure

    return {"http": Pool, "https": SecurePool}


def _reached(connection: HTTPConnection, connect: Any) -> socket.socket:  # noqa: ANN401 — urllib3's own bound method
    """Return a socket to one of the allowed addresses: the name is resolved here once, and never again below."""
    name = connection._dns_host  # noqa: SLF001 — urllib3 has no other place for "connect there, but speak to this host"
    addresses = allowed_addresses(name, connection.port or 0)
    try:
        for place, address in enumerate(addresses, start=1):
            connection._dns_host = address  # noqa: SLF001 — as above
            try:
                reached: socket.socket = connect()
            except (OSError, HTTPError):
                if place == len(addresses):
                    raise
                continue
            return _not_ourselves(name, reached)
    finally:
        connection._dns_host = name  # noqa: SLF001 — as above
    raise Unreachable(f"域名 {name} 没有地址；请检查 DNS 或 url")


def _not_ourselves(name: str, reached: socket.socket) -> socket.socket:
    """Refuse a name that leads to this very machine by an address of its own, before a byte is sent."""
    if _literal(name) is None and reached.getpeername()[0] == reached.getsockname()[0]:
        reached.close()
        raise _led_inward(name)
    return reached
