"""What to do about a state, and who does it: the same words on every page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from citysync.domain.verdict import FAULT_LABELS, Fault, State
from citysync.web.language import Language
from citysync.web.views.labels import Say
from citysync.web.views.reasons import step

Row = Mapping[str, Any]


def next_step(state: State, reasons: Sequence[Row], language: Language) -> str:
    """Return what to do next: what the reason says, else what its state asks for."""
    say = language.say
    several = len(reasons) > 1 and all(reason["fault"] == Fault.DATA for reason in reasons)
    told = "" if several or not reasons else step(reasons[0], language)
    if told and state not in {State.IN_SYNC, State.UNKNOWN}:
        return told
    return {
        State.IN_SYNC: say("无需处理。"),
        State.LAGGING: say("请在宽限期内更正。"),
        State.OUT_OF_SYNC: say("请按清单更正。"),
        State.NOT_SYNCED: say("请检查接口并恢复。"),
        State.HELD: say("请核实是否有意清理；确属清理的由省平台批准采用。"),
        State.UNKNOWN: say("该市无需处理，由省平台处理。"),
    }[state]


def is_theirs(state: State, reasons: Sequence[Row]) -> bool:
    """Return whether the next step is the city's."""
    fault = Fault(reasons[0]["fault"]) if reasons else Fault.DATA
    return state is not State.IN_SYNC and fault not in {Fault.OURS, Fault.MASTER}


def doer(state: State, reasons: Sequence[Row], say: Say) -> str:
    """Return who takes the next step: the city, the province, or nobody named while it is not known."""
    if state is State.IN_SYNC:
        return ""
    return {
        Fault.CITY: say("市级（接口或运维）"),
        Fault.DATA: say("市级（数据）"),
        Fault.NETWORK: say("尚未判明是网络还是市级"),
        Fault.OURS: say("省平台"),
        Fault.MASTER: say("省级（基本目录）"),
    }[Fault(reasons[0]["fault"]) if reasons else Fault.DATA]


def actor(state: State, reasons: Sequence[Row], say: Say) -> str:
    """Return who acts: the province for what is ours or the master's, nobody named while it is not known."""
    if state is State.IN_SYNC:
        return ""
    fault = Fault(reasons[0]["fault"]) if reasons else Fault.DATA
    if fault is Fault.NETWORK:
        return say("尚未判明是网络还是市级服务，不归责")
    return say(FAULT_LABELS[fault])
