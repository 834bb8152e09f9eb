"""What can be done about a city, as its page says it: who may do what, and what was said before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from citysync.domain.alert import KIND_LABELS, Kind
from citysync.domain.appeal import words
from citysync.domain.approval import HELD_LABELS
from citysync.domain.identity import CHANGE_LABELS, Change
from citysync.domain.items import label
from citysync.domain.verdict import State
from citysync.domain.workdays import calendar
from citysync.storage.appeals import beside
from citysync.web.language import Language
from citysync.web.reading.acts import Acts, Progress
from citysync.web.views.labels import Mark, Say, mark

_LEAVE_DAYS = 5  # the end an approval is offered with


def _(text: str) -> str:
    """Mark a text for the catalogue; it is said in the asker's language where it is shown."""
    return text


# What is said after a deed, by the word its address ends with.
TOLD = {
    "acknowledged": _("已记下：您已知悉该告警。"),
    "appealed": _("申诉已记下，省平台可以看到；结论不会因此自动改变。"),
    "appealed_before": _("这一条以同样的理由申诉过，没有重复记录。"),
    "answered": _("答复已记下，该市在其页面、问题清单和接口里可以看到；结论不会因此自动改变。"),
    "approved": _("批准已记下，正在重新运行该市。"),
    "decided": _("已记下，此后的核对按此办理。"),
    "refused": _("没有记下：请核对填写的内容。"),
}


@dataclass(frozen=True, slots=True)
class Choice:
    """One thing to choose: what is sent, and what people read."""

    value: str
    words: str


@dataclass(frozen=True, slots=True)
class AppealLine:
    """One appeal as it is listed; ``answer``: what the province said, or that it still has to."""

    serial: int
    city_code: str
    at: str
    about: str
    code: str
    reason: str
    by: str
    waits: bool
    answer: str
    answered_by: str


@dataclass(frozen=True, slots=True)
class ProgressView:
    """How far a re-check is. ``over``: nothing is at work on the city; ``mark``, ``at``: the last verdict."""

    over: bool
    run_id: str
    said: str
    mark: Mark | None
    at: str
    last_run: str


@dataclass(frozen=True, slots=True)
class ActsView:
    """``told``: what came of the deed just done; ``until``: the day an approval is offered with."""

    told: str
    alerts: tuple[Choice, ...]
    checks: tuple[Choice, ...]
    kinds: tuple[Choice, ...]
    until: date
    held: bool
    appeals: tuple[AppealLine, ...]
    proposals: tuple[tuple[int, str], ...]
    progress: ProgressView


def acts_view(acts: Acts, said: str, names: Mapping[str, str], today: date, language: Language, step: str) -> ActsView:
    """Return what the page of deeds shows. ``said``: the word of the deed just done; ``names``: of the checks."""
    say = language.say
    return ActsView(
        told=say(TOLD[said]) if said in TOLD else "",
        alerts=tuple(_alert(row, say) for row in acts.alerts),
        checks=tuple(Choice(check, say(names.get(check, check))) for check in acts.checks),
        kinds=tuple(Choice(kind.value, say(words)) for kind, words in HELD_LABELS.items()),
        until=calendar().add_workdays(today, _LEAVE_DAYS),
        held=acts.held,
        appeals=tuple(_appeal(row, names, language) for row in acts.appeals),
        proposals=tuple((int(row["id"]), _proposal(row, say)) for row in acts.proposals),
        progress=progress_view(acts.progress, step, language),
    )


def progress_view(progress: Progress, step: str, language: Language) -> ProgressView:
    """Return how far the re-check of a city is. ``step``: what its run said last."""
    last = progress.last or {}
    return ProgressView(
        over=progress.run_id is None,
        run_id=progress.run_id or "",
        said=step,
        mark=mark(State(last["state"]), language.say) if last else None,
        at=language.moment(last["judged_at"]) if last else "—",
        last_run=str(last.get("run_id", "")),
    )


def appeal_lines(rows: Sequence[Mapping[str, Any]], names: Mapping[str, str], language: Language) -> list[AppealLine]:
    """Return the appeals of all cities as lines."""
    return [_appeal(row, names, language) for row in rows]


def _alert(row: Mapping[str, Any], say: Say) -> Choice:
    return Choice(str(row["alert_id"]), f"{row['alert_id']} {say(KIND_LABELS[Kind(row['kind'])])} {row['opened_on']}")


def _appeal(row: Mapping[str, Any], names: Mapping[str, str], language: Language) -> AppealLine:
    code = row["task_handle_item"] or row["task_code"] or row["catalog_code"] or "—"
    about = language.say(names.get(row["check"], row["check"]))
    field = f" · {language.say(label(row['field']))}" if row["field"] else ""
    return AppealLine(
        serial=int(row["serial"]),
        city_code=str(row["city_code"]),
        at=language.moment(row["appealed_at"]),
        about=about + field,
        code=str(code),
        reason=row["reason"],
        by=row["appealed_by"],
        waits=row["answer"] is None,
        answer=words(beside(row), language.say),
        answered_by=row["answered_by"] or "",
    )


def _proposal(row: Mapping[str, Any], say: Say) -> str:
    before, after = ("、".join(row[side]) for side in ("before", "after"))
    names = f"{row['before_name'] or ''} → {row['after_name'] or ''}"
    return f"{say(CHANGE_LABELS[Change(row['change'])])} {before} → {after} · {names} · {row['score']:.0%}"
