"""What walks cost as pages say it: one that nobody recorded is said to be so, and is never a zero."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from citysync.domain.effort import FIRST_STEPS, PHASE_LABELS
from citysync.reports.efforts import Document
from citysync.web.language import Language
from citysync.web.views.labels import Say

_KIBI = 1024
_MINUTE = 60
Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Cost:
    """What one walk cost, in words. ``recorded``: False where there is only the word for that; ``phases``: by name."""

    recorded: bool
    requests: str
    retries: str
    wire: str
    decoded: str
    took: str
    phases: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Excerpt:
    """What was told of a walk: (after how many seconds, text). ``gap``: how much was left out after ``first``."""

    first: tuple[tuple[str, str], ...]
    gap: str
    last: tuple[tuple[str, str], ...]


def cost(row: Row | None, say: Say) -> Cost:
    """Return one walk's cost."""
    if row is None:
        return Cost(False, say("未记录"), "", "", "", "", ("",) * len(PHASE_LABELS))
    seconds: Mapping[str, float | None] = row["seconds"]
    reached = [spent for spent in seconds.values() if spent is not None]
    return Cost(
        recorded=True,
        requests=f"{row['requests']:,}",
        retries=f"{row['retries']:,}",
        wire=size(row["wire_bytes"]),
        decoded=size(row["decoded_bytes"]),
        took=lasted(sum(reached), say),
        phases=tuple("—" if (spent := seconds[name]) is None else lasted(spent, say) for name in PHASE_LABELS),
    )


def sums(document: Document | None, cities: int, say: Say) -> str:
    """Return a run's sums with their denominator."""
    if document is None:
        return say("未记录")
    words = {
        "requests": f"{document['requests']:,}",
        "retries": f"{document['retries']:,}",
        "wire": size(document["wire_bytes"]),
        "known": f"{document['cities']}/{cities}",
    }
    return say("%(requests)s 次（其中重试 %(retries)s 次），收到 %(wire)s，%(known)s 市有记录") % words


def excerpt(row: Row | None, say: Say) -> Excerpt | None:
    """Return what was told of a walk, None where nothing was kept."""
    steps: Sequence[tuple[float, str]] = () if row is None else row["steps"]
    if row is None or not steps:
        return None
    lines = tuple((f"+{after:.1f}", text) for after, text in steps)
    gap = say("（略 %(count)s 行）") % {"count": f"{row['left_out']:,}"} if row["left_out"] else ""
    return Excerpt(lines[:FIRST_STEPS], gap, lines[FIRST_STEPS:])


def phase_words(row: Row, language: Language) -> str:
    """Return how long each phase took, those that were reached."""
    spent = {name: row["seconds"][name] for name in PHASE_LABELS}
    told = [
        f"{language.say(PHASE_LABELS[name])} {lasted(each, language.say)}"
        for name, each in spent.items()
        if each is not None
    ]
    return language.listed(told)


def lasted(seconds: float, say: Say) -> str:
    """Return how long something took."""
    if seconds < _MINUTE:
        return say("%(seconds)s 秒") % {"seconds": f"{seconds:.1f}"}
    minutes, left = divmod(round(seconds), _MINUTE)
    return say("%(minutes)s 分 %(seconds)s 秒") % {"minutes": str(minutes), "seconds": str(left)}


def size(count: int | None) -> str:
    """Return bytes as people read them; a dash for what nobody counted."""
    if count is None:
        return "—"
    if count < _KIBI:
        return f"{count} B"
    return f"{count / _KIBI:,.0f} KB" if count < _KIBI * _KIBI else f"{count / _KIBI / _KIBI:,.1f} MB"
