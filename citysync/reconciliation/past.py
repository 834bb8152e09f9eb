"""What earlier nights add to tonight's verdict: notes for people, which decide no state by themselves."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from citysync.domain.memory import Memory
from citysync.domain.run import Run
from citysync.domain.sayings import BACKWARDS, RULES
from citysync.domain.verdict import STATE_LABELS, Axis, Fault, Reason, Standing, State, Verdict
from citysync.reconciliation.evidence import SHANGHAI, Seen

_BETTER_FIRST = (State.IN_SYNC, State.LAGGING, State.OUT_OF_SYNC)

_BROUGHT_BY_TIME = frozenset({"unclaimed", "stale", "unproved", "age_unknown"})

Says = Callable[[str], bool]  # whether a remembered content is tonight's


def seen_before(says: Says, memory: Memory) -> Seen:
    """Return when the same rows came before."""
    days = [day for known, day in memory.contents if says(known)]
    if not days:
        return Seen()
    if not says(memory.contents[0][0]):
        return Seen(last_on=days[0])
    since = memory.contents[0][1]
    for known, day in memory.contents:
        if not says(known):
            break
        since = day
    return Seen(unchanged_since=since)


def notes(memory: Memory, source_changed_at: datetime | None) -> tuple[Reason, ...]:
    """Return what is odd beside the last good snapshot: it cannot be read, or the source's clock ran backwards."""
    told = []
    if memory.lost is not None:
        text = f"上次采用的快照无法读取，本次只按条数核对骤变：{memory.lost}"
        told.append(Reason("last_good_lost", Axis.COMPLETE, Standing.UNKNOWN, Fault.OURS, text))
    before = memory.last_good.changed_at if memory.last_good is not None else None
    if before is not None and source_changed_at is not None and source_changed_at < before:
        then, now = (f"{at.astimezone(SHANGHAI):%Y-%m-%d %H:%M}" for at in (before, source_changed_at))
        text = f"来源的更新时间倒退：{BACKWARDS.said(before=then, now=now)}；请市级核实是否恢复了旧库"
        told.append(Reason("time_backwards", Axis.FRESH, Standing.UNKNOWN, Fault.CITY, text))
    return tuple(told)


def rules_changed(verdict: Verdict, says: Says, run: Run, memory: Memory) -> Reason | None:
    """Return that a worse state is not of the city's making: the same rows, the same master, other rules.

    What time alone brings (an absence confirmed, data grown old) is left out. The state stands; a person who reads it
    must know that the city changed nothing.
    """
    last, state = memory.last_good, verdict.state
    if not {reason.code for reason in verdict.reasons if reason.standing > Standing.OK} - _BROUGHT_BY_TIME:
        return None
    if last is None or last.state not in _BETTER_FIRST or state not in _BETTER_FIRST:
        return None
    newest, day = memory.contents[0] if memory.contents else ("", None)
    same = day == last.on and last.master_version == run.master_version and says(newest)
    worse = _BETTER_FIRST.index(state) > _BETTER_FIRST.index(last.state)
    if last.rules_version == run.rules_version or not (same and worse):
        return None
    text = (
        f"规则变更：{RULES.said(before=last.rules_version, now=run.rules_version)}，数据与 {last.on} 的快照完全相同；"
        f"由“{STATE_LABELS[last.state]}”变为“{STATE_LABELS[state]}”不是因为本市改动了数据"
    )
    return Reason("rules_changed", Axis.CONSISTENT, Standing.GRACE, Fault.OURS, text)
