"""The links below any protocol: does the name resolve, is a connection taken, is the certificate good for a while."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from citysync.domain.errors import Unreachable
from connectors._wire import Host, addresses, certificate_ends, connect, is_literal
from flows.doctor.outcome import Said, failed, passed, skipped, warned

CERTIFICATE_SOON_DAYS = 30


class Somewhere(Protocol):
    """Whatever lives on a host of the network."""

    @property
    def host(self) -> Host:
        """Return where it is."""

    @property
    def now(self) -> datetime:
        """Return the clock."""


def resolves(facts: Somewhere) -> Said:
    """Does the host's name resolve, and not to ourselves?"""
    host = facts.host
    try:
        found = addresses(host)
    except Unreachable as error:
        return failed(str(error), "请核对 url 的域名与省平台的 DNS；新域名请市里确认已登记")
    return passed("写的是地址，无需解析" if is_literal(host.name) else f"{host.name} → {'、'.join(found)}")


def connects(facts: Somewhere) -> Said:
    """Does the port take a connection?"""
    host = facts.host
    try:
        connect(host)
    except Unreachable as error:
        return failed(str(error), "拒绝连接：请市里检查服务与端口；超时：请先查省平台出口与防火墙")
    return passed(f"{host.name}:{host.port} 可以连通")


def certified(facts: Somewhere) -> Said:
    """Is the certificate good, for this name, from an authority we believe, and for some weeks to come?"""
    if not facts.host.secure:
        return skipped("来源是 http，没有证书；凭据与数据在网络上明文传输")
    try:
        ends = certificate_ends(facts.host)
    except Unreachable as error:
        return failed(str(error), "请市里更换证书；自建的证书机构请把 CA 文件写进城市文件")
    days = (ends - facts.now).days
    if days < CERTIFICATE_SOON_DAYS:
        return warned(f"证书 {ends:%Y-%m-%d} 到期，只剩 {days} 天", "请市里在到期前更换证书")
    return passed(f"证书有效，{ends:%Y-%m-%d} 到期")
