"""What is said about a city after a run. This module imports no frame library: ``status`` must start fast."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from enum import IntEnum, StrEnum


class State(StrEnum):
    """Exactly one per city and run."""

    UNKNOWN = "unknown"
    HELD = "held"
    NOT_SYNCED = "not_synced"
    OUT_OF_SYNC = "out_of_sync"
    LAGGING = "lagging"
    IN_SYNC = "in_sync"


STATE_LABELS = {
    State.IN_SYNC: "同步",
    State.LAGGING: "滞后（宽限期内）",
    State.OUT_OF_SYNC: "失步",
    State.NOT_SYNCED: "未同步",
    State.HELD: "待确认",
    State.UNKNOWN: "未判定",
}
# A state is never told by colour alone: one shape each, the same on screens, pages and paper.
STATE_SIGNS = {
    State.IN_SYNC: "●",
    State.LAGGING: "◐",
    State.OUT_OF_SYNC: "▲",
    State.NOT_SYNCED: "■",
    State.HELD: "◆",
    State.UNKNOWN: "▨",
}
FLAGGED = frozenset({State.OUT_OF_SYNC, State.NOT_SYNCED, State.HELD})


class Axis(StrEnum):
    """The five questions a verdict answers."""

    REACHABLE = "reachable"
    COMPLETE = "complete"
    VALID = "valid"
    CONSISTENT = "consistent"
    FRESH = "fresh"


AXIS_LABELS = {
    Axis.REACHABLE: "可达",
    Axis.COMPLETE: "完整",
    Axis.VALID: "合规",
    Axis.CONSISTENT: "一致",
    Axis.FRESH: "及时",
}


class Standing(IntEnum):
    """How an axis stands, from best to worst."""

    OK = 0
    GRACE = 1
    UNKNOWN = 2
    FAILING = 3

    @property
    def word(self) -> str:
        """Return the word used in JSON."""
        return self.name.lower()


STANDING_LABELS = {
    Standing.OK: "正常",
    Standing.GRACE: "宽限",
    Standing.UNKNOWN: "未知",
    Standing.FAILING: "不符",
}


class Fault(StrEnum):
    """Whose side a reason is on."""

    CITY = "city"
    DATA = "data"
    NETWORK = "network"
    OURS = "ours"
    MASTER = "master"


FAULT_LABELS = {
    Fault.CITY: "市级接口或运维",
    Fault.DATA: "市级数据",
    Fault.NETWORK: "网络或环境",
    Fault.OURS: "本系统",
    Fault.MASTER: "省级基本目录",
}


@dataclass(frozen=True, slots=True)
class Reason:
    """One fact a verdict rests on. ``code`` is stable; ``text`` is what people read."""

    code: str
    axis: Axis
    standing: Standing
    fault: Fault
    text: str


@dataclass(frozen=True, slots=True)
class Counts:
    """Every count of a verdict; all 0 without a validated snapshot."""

    received: int = 0
    accepted: int = 0
    rejected: int = 0
    duplicate: int = 0
    due: int = 0
    met: int = 0
    paired: int = 0
    missing: int = 0
    overclaimed: int = 0
    drifted: int = 0
    findings: int = 0
    exempted: int = 0

    def as_dict(self) -> dict[str, int]:
        """Return the counts by name, in the order people read them."""
        return {field.name: getattr(self, field.name) for field in fields(self)}


COUNT_LABELS = {
    "received": "收到",
    "accepted": "接受",
    "rejected": "拒收",
    "duplicate": "合并重复",
    "due": "应领",
    "met": "已领",
    "paired": "配对",
    "missing": "漏领",
    "overclaimed": "超领",
    "drifted": "不一致",
    "findings": "发现",
    "exempted": "豁免",
}


def not_counted(state: object, counts: Mapping[str, object]) -> bool:
    """Return whether a city's counts are 0 because nothing of it was looked at, which people are shown as —."""
    unseen = state in {State.NOT_SYNCED, State.HELD, State.UNKNOWN}
    return unseen and not any(counts.get(name) for name in COUNT_LABELS)


@dataclass(frozen=True, slots=True)
class Verdict:
    """The state of one city after one run, with the reasons and figures behind it.

    ``grade`` is the completeness grade (A, B, C, X) of what was pulled, None if nothing was.
    """

    city_code: str
    run_id: str
    state: State
    axes: Mapping[Axis, Standing]
    reasons: tuple[Reason, ...]
    counts: Counts
    judged_at: datetime
    grade: str | None = None


def worst(reasons: Iterable[Reason]) -> dict[Axis, Standing]:
    """Return each axis as its worst reason; an axis without evidence is unknown, never ok."""
    standings: dict[Axis, Standing] = {}
    for reason in reasons:
        standings[reason.axis] = max(standings.get(reason.axis, reason.standing), reason.standing)
    return {axis: standings.get(axis, Standing.UNKNOWN) for axis in Axis}
