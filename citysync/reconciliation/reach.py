"""Whose a city's silence is: what else was seen when one city could not be reached.

A refused connection while our own way out is well is the city's. No name, no route or no answer in time may lie
anywhere between us: it is worded so, and is called the city's only when a second run in a row meets it again.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from citysync.domain.errors import Unreachable
from citysync.domain.verdict import Fault, Reason, State, Verdict

NOWHERE = "从省平台无法到达（网络或市级服务）"


class Link(StrEnum):
    """How far a look at the city's host came, after its pull had failed."""

    NAMELESS = "nameless"  # the name does not resolve
    SILENT = "silent"  # no route, or no answer in time
    REFUSED = "refused"  # the port said no
    OPEN = "open"  # a connection was taken this time
    UNSEEN = "unseen"  # there is no host to look at


LINK_LABELS = {
    Link.NAMELESS: "复查时域名仍无法解析",
    Link.SILENT: "复查时仍连不上",
    Link.REFUSED: "复查时仍被拒绝连接",
    Link.OPEN: "复查时已能连通",
    Link.UNSEEN: "没有可复查的主机",
}


@dataclass(frozen=True, slots=True)
class Seen:
    """What was seen beside a failed pull.

    ``link``: the city's own host, looked at again; ``own``: in words, why our own way out is known to be well, None if
    it is not; ``failed_before``: the run before met the same.
    """

    link: Link
    own: str | None
    failed_before: bool


def silent(verdict: Verdict) -> bool:
    """Return whether a city could not be reached and nobody is blamed for it yet."""
    return verdict.state is State.NOT_SYNCED and any(_open(reason) for reason in verdict.reasons)


def attributed(verdict: Verdict, seen: Seen) -> Verdict:
    """Return the verdict with its silence laid at the right door, the evidence in its text; the state stays."""
    reasons = tuple(_told(reason, seen) if _open(reason) else reason for reason in verdict.reasons)
    return replace(verdict, reasons=reasons)


def _open(reason: Reason) -> bool:
    return reason.code == Unreachable.reason and reason.fault is Fault.NETWORK


def _told(reason: Reason, seen: Seen) -> Reason:
    looked = LINK_LABELS[seen.link]
    if seen.own is None:
        text = f"{NOWHERE}：{reason.text}；{looked}；本系统出口未能自证正常，不归责于市，请先检查省平台网络"
        return replace(reason, text=text)
    if seen.link is Link.REFUSED:
        text = f"{reason.text}；{looked}，而{seen.own}，应是市级服务没有运行或端口有变"
        return replace(reason, text=text, fault=Fault.CITY)
    if seen.failed_before and seen.link in {Link.NAMELESS, Link.SILENT}:
        text = f"连续两次运行{NOWHERE}：{reason.text}；{looked}，而{seen.own}，疑似市级接口故障，请市里检查服务与线路"
        return replace(reason, text=text, fault=Fault.CITY)
    text = f"{NOWHERE}：{reason.text}；{looked}，而{seen.own}；下次运行会再试，仍不通再请市里检查"
    return replace(reason, text=text)
