"""What a run without a usable directory means for a city: which day's snapshot stays in force, if any."""

from __future__ import annotations

from dataclasses import replace

from citysync.domain.memory import Memory
from citysync.domain.verdict import Reason, Standing, State, Verdict

_NEXT_STEP = "请"  # every text that says what to do next has this word
NOTHING_ADOPTED = frozenset({State.NOT_SYNCED, State.HELD, State.UNKNOWN})


def told(verdict: Verdict, city_name: str, memory: Memory) -> Verdict:
    """Return a verdict whose texts name the city and what follows for it; one that was adopted stays as it is.

    ``memory``: what was known of the city before; its last good snapshot stays in force.
    """
    if verdict.state not in NOTHING_ADOPTED:
        return verdict
    named, follows = f"{city_name}（{verdict.city_code}）", f"今日未对账，{_kept(memory)}"
    return replace(verdict, reasons=tuple(_told(reason, named, follows) for reason in verdict.reasons))


def _kept(memory: Memory) -> str:
    if memory.last_good is not None:
        return f"沿用 {memory.last_good.on.isoformat()} 的快照"
    return "上一份快照已无法读取" if memory.lost else "尚无可沿用的快照"


def _told(reason: Reason, named: str, follows: str) -> Reason:
    if reason.standing not in {Standing.FAILING, Standing.UNKNOWN} or follows in reason.text:
        return reason
    text = reason.text if named in reason.text else f"{named}{reason.text}"
    asked = "" if _NEXT_STEP in text else "；请市级按所示之处核实接口与数据"
    return replace(reason, text=f"{text}{asked}；{follows}")
