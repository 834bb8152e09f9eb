"""One run's facts as what its page says: when, by which versions, and per city what was taken and proved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from importlib.metadata import version
from typing import Any

from citysync.domain.effort import PHASE_LABELS, PULL
from citysync.domain.snapshot import Grade
from citysync.domain.verdict import State
from citysync.domain.workdays import calendar
from citysync.web.language import Language
from citysync.web.reading.run import RunFacts
from citysync.web.views.efforts import Cost, Excerpt, cost, excerpt, phase_words, size, sums
from citysync.web.views.labels import Mark, mark
from citysync.web.views.reasons import proof

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Phase:
    """One stretch of a city's part of a run, in parts of 100 of the run. ``css``: ``pull`` or ``judge``."""

    css: str
    start: float
    width: float
    words: str


@dataclass(frozen=True, slots=True)
class CityOfRun:
    """One city of a run. ``phases``: from what the ledger keeps; ``not_run``: which rules did not run, and why."""

    code: str
    name: str
    mark: Mark
    grade: str
    proof: str
    pages: str
    size: str
    judged: str
    phases: tuple[Phase, ...]
    not_run: tuple[str, ...]
    attempts: int
    cost: Cost
    excerpt: Excerpt | None


@dataclass(frozen=True, slots=True)
class RunPage:
    """What the page shows. ``facts``: (label, value), as people read them; ``phases``: the names of a walk's."""

    run_id: str
    title: str
    facts: tuple[tuple[str, str], ...]
    note: str
    cities: tuple[CityOfRun, ...]
    phases: tuple[str, ...]


def run_page(facts: RunFacts, language: Language) -> RunPage:
    """Return what the page of a run says."""
    run, say = facts.run, language.say
    on = language.day(date.fromisoformat(run["business_date"]))
    return RunPage(
        run_id=run["run_id"],
        title=say("%(day)s 的运行") % {"day": on},
        facts=(
            (say("开始"), language.moment(run["started_at"])),
            (say("结束"), language.moment(run["finished_at"]) if run["finished_at"] else "—"),
            (say("已判定"), f"{run['published']}/{run['cities']}"),
            (say("请求"), sums(facts.effort, len(facts.verdicts), say)),
            (say("起因"), _triggers(language).get(str(run["trigger"]), "—")),
            (say("基本目录"), str(run["master_version"] or "—")),
            (say("规则版本"), str(run["rules_version"])),
            (say("工作日历至"), str(calendar().last_year)),
            (say("显示本页的程序"), version("citysync")),
        ),
        note="；".join(str(text) for text in (run["error"], run["note"]) if text),
        cities=tuple(_city(row, facts, language) for row in facts.verdicts),
        phases=tuple(say(label) for label in PHASE_LABELS.values()),
    )


def _triggers(language: Language) -> dict[str, str]:
    return {"nightly": language.say("每晚"), "on_demand": language.say("按需"), "replay": language.say("重放")}


def _city(row: Row, facts: RunFacts, language: Language) -> CityOfRun:
    pulled = facts.pulled.get(row["code"])
    certificate, effort = row["certificate"] or {}, facts.efforts.get(row["code"])
    return CityOfRun(
        code=row["code"],
        name=row["name"],
        mark=mark(State(row["state"]), language.say),
        grade=row["grade"] or "—",
        proof=proof(certificate, row["grade"], language) or "；".join(certificate.get("problems", ())) or "—",
        pages="—" if pulled is None else f"{pulled['pages']:,}",
        size=size(None if pulled is None else pulled["bytes"]),
        judged=language.clock(row["judged_at"]),
        phases=_phases(facts.run, pulled, row["judged_at"], effort, language),
        not_run=_not_run(row, facts.lacking.get(row["code"], ()), language),
        attempts=facts.attempts.get(row["code"], 0),
        cost=cost(effort, language.say),
        excerpt=excerpt(effort, language.say),
    )


def _phases(run: Row, pulled: Row | None, judged_at: str, effort: Row | None, language: Language) -> tuple[Phase, ...]:
    """Return a city's part of a run: its pull, then everything up to its verdict.

    As the walk's own clock says it; of a walk nobody timed, from its first page to its last, and then to its verdict.
    """
    if not run["finished_at"] or (effort is None and pulled is None):
        return ()
    began, ended = datetime.fromisoformat(run["started_at"]), datetime.fromisoformat(run["finished_at"])
    whole = max(1.0, (ended - began).total_seconds())

    def phase(css: str, words: str, since: datetime, until: datetime) -> Phase:
        start, end = (min(100.0, max(0.0, (at - began).total_seconds() / whole * 100)) for at in (since, until))
        return Phase(css, min(99.0, round(start, 1)), round(max(1.0, end - start), 1), words)

    first, last, over = _moments(pulled or {}, judged_at, effort)
    spans = {
        css: f"{language.clock(since)}–{language.clock(until)}"
        for css, since, until in (("pull", first, last), ("judge", last, over))
    }
    pulling, judging = f"{language.say('取数')} {spans['pull']}", f"{language.say('校验、对账、判定')} {spans['judge']}"
    if effort is not None:
        judging = language.listed((judging, phase_words(effort, language)))
    return phase("pull", pulling, first, last), phase("judge", judging, last, over)


def _moments(pulled: Row, judged_at: str, effort: Row | None) -> tuple[datetime, datetime, datetime]:
    """Return when a city's pull began and ended, and when its walk did."""
    if effort is None:
        first, last, over = (datetime.fromisoformat(at) for at in (pulled["first_at"], pulled["last_at"], judged_at))
        return first, last, over
    began, seconds = datetime.fromisoformat(effort["began_at"]), effort["seconds"]
    pulling, whole = seconds[PULL] or 0.0, sum(spent or 0.0 for spent in seconds.values())
    return began, began + timedelta(seconds=pulling), began + timedelta(seconds=whole)


def _not_run(row: Row, lacking: Sequence[str], language: Language) -> tuple[str, ...]:
    """Return which rules did not run, and why, as far as the verdict and its findings tell."""
    say = language.say
    if not row["validated"]:
        return (say("全部规则：没有可校验的数据"),)
    if not row["adopted"]:
        return (say("与目录比较的规则：数据未采用"),)
    unproved = (say("漏领：完整性未证实，不判缺失"),) if row["grade"] == Grade.C else ()
    absent = (
        (say("用到这些列的规则：来源没有 %(columns)s") % {"columns": language.listed(say(each) for each in lacking)},)
        if lacking
        else ()
    )
    return (*unproved, *absent)
