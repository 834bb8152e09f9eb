"""Telling one incident of ours from many of theirs.

Five or more cities, or all of a zone of three or more, failing in one run with the same transport reason while our own
probe fails are one incident of ours: nobody is blamed, and nobody is green.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace

from citysync.domain.errors import OverBudget, Refused, Throttled, Unreachable
from citysync.domain.sayings import ALIKE
from citysync.domain.verdict import Axis, Fault, Reason, Standing, State, Verdict, worst

MANY = 5
ZONE_AT_LEAST = 3
TRANSPORT = (Unreachable.reason, Throttled.reason, OverBudget.reason)
ANSWERS = frozenset({Throttled.reason, Refused.reason})  # an answer we did not want is an answer


def any_answered(verdicts: Sequence[Verdict]) -> bool:
    """Return whether any city answered at all: the probe of an installation without a probe of its own."""
    return any(map(answered, verdicts))


def answered(verdict: Verdict) -> bool:
    """Return whether a city answered at all, be it with a refusal."""
    return verdict.axes[Axis.REACHABLE] is Standing.OK or any(reason.code in ANSWERS for reason in verdict.reasons)


def common_cause(
    verdicts: Sequence[Verdict], zones: Mapping[str, str | None], *, probe_ok: bool
) -> tuple[Verdict, ...]:
    """Return the verdicts of one run, those of one common incident rewritten to unknown and ours.

    ``zones``: city code → zone, None or missing for cities without one.
    """
    if probe_ok:
        return tuple(verdicts)
    cause = {code: alike for reason in TRANSPORT for code, alike in _alike(verdicts, zones, reason).items()}
    return tuple(_ours(each, cause[each.city_code]) if each.city_code in cause else each for each in verdicts)


def _alike(verdicts: Sequence[Verdict], zones: Mapping[str, str | None], reason: str) -> dict[str, int]:
    """Return city code → how many cities share its incident, for the cities failing with one transport reason."""
    failing = {each.city_code for each in verdicts if _fails_with(each, reason)}
    if len(failing) >= MANY:
        return dict.fromkeys(failing, len(failing))
    members: dict[str, set[str]] = defaultdict(set)
    for each in verdicts:
        zone = zones.get(each.city_code)
        if zone is not None and each.state is not State.UNKNOWN:
            members[zone].add(each.city_code)
    whole = (cities for cities in members.values() if len(cities) >= ZONE_AT_LEAST and cities <= failing)
    return {code: len(cities) for cities in whole for code in cities}


def _fails_with(verdict: Verdict, reason: str) -> bool:
    return verdict.state is State.NOT_SYNCED and any(each.code == reason for each in verdict.reasons)


def _ours(verdict: Verdict, alike: int) -> Verdict:
    """Rewrite one verdict: what was seen stays in the text, the blame goes."""
    seen = "；".join(reason.text for reason in verdict.reasons)
    text = (
        f"本系统自检未通过，{ALIKE.said(count=alike)}，判为本系统出口故障，不归责于市；请先检查省平台网络。所见：{seen}"
    )
    reason = Reason("common_cause", Axis.REACHABLE, Standing.UNKNOWN, Fault.OURS, text)
    return replace(verdict, state=State.UNKNOWN, axes=worst([reason]), reasons=(reason,))
