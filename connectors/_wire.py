"""Looking at the wire below HTTP and SQL, one link at a time: name, connection, certificate. Nothing is asked for."""

from __future__ import annotations

import ipaddress
import socket
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from requests.utils import DEFAULT_CA_BUNDLE_PATH

from citysync.domain.errors import Unreachable
from connectors._guarded import is_inward
from connectors._transport import CONNECT_SECONDS, transport_fault


@dataclass(frozen=True, slots=True)
class Host:
    """Where a source is: what is resolved, connected to and, with ``secure``, shaken hands with.

    ``ca_file``: the authorities believed instead of the usual ones.
    """

    name: str
    port: int
    secure: bool = False
    ca_file: Path | None = None


def addresses(host: Host) -> tuple[str, ...]:
    """Return the addresses of a host's name, sorted; raises ``Unreachable`` for none, or one that leads inward."""
    try:
        found = socket.getaddrinfo(host.name, host.port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise transport_fault(error, host.name, CONNECT_SECONDS).error from None
    named = tuple(sorted({str(entry[4][0]).split("%")[0] for entry in found}))
    if not is_literal(host.name) and any(is_inward(ipaddress.ip_address(address)) for address in named):
        raise Unreachable(f"域名 {host.name} 解析到本机或链路本地地址（{'、'.join(named)}）；请检查 DNS 或 url")
    return named


def connect(host: Host) -> float:
    """Return after how many seconds a connection was accepted; it is closed at once. Raises ``Unreachable``."""
    started = datetime.now(UTC)
    try:
        socket.create_connection((host.name, host.port), timeout=CONNECT_SECONDS).close()
    except OSError as error:
        raise transport_fault(error, host.name, CONNECT_SECONDS).error from None
    return (datetime.now(UTC) - started).total_seconds()


def certificate_ends(host: Host) -> datetime:
    """Return when the host's certificate ends, verified as a pull verifies it. Raises ``Unreachable``."""
    context = ssl.create_default_context(cafile=str(host.ca_file or DEFAULT_CA_BUNDLE_PATH))
    try:
        with (
            socket.create_connection((host.name, host.port), timeout=CONNECT_SECONDS) as plain,
            context.wrap_socket(plain, server_hostname=host.name) as wrapped,
        ):
            ends = (wrapped.getpeercert() or {}).get("notAfter")
    except (OSError, ValueError) as error:
        raise transport_fault(error, host.name, CONNECT_SECONDS).error from None
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(str(ends)), UTC)


def is_literal(name: str) -> bool:
    """Return whether a host is written as an address."""
    try:
        ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return False
    return True
