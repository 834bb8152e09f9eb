"""One run's facts as what its page says: when, by which versions, and per city what was taken and proved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from citysync.domain.verdict import State
from citysync.web.language import Language
from citysync.web.reading.run import RunFacts
from citysync.web.views.labels import Mark, mark

_KIBI = 1024
Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class CityOfRun:
    """One city of a run. ``start``, ``width``: when its pages came, in parts of 100 of the run; None if none did."""

    code: str
    name: str
    mark: Mark
    grade: str
    proof: str
    pages: str
    size: str
    judged: str
    start: float | None
    width: float


@dataclass(frozen=True, slots=True)
class RunPage:
    """What the page shows. ``facts``: (label, value), as people read them."""

    run_id: str
    title: str
    facts: tuple[tuple[str, str], ...]
    note: str
    cities: tuple[CityOfRun, ...]


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
            (say("起因"), _triggers(language).get(str(run["trigger"]), "—")),
            (say("基本目录"), str(run["master_version"] or "—")),
            (say("规则版本"), str(run["rules_version"])),
        ),
        note="；".join(str(text) for text in (run["error"], run["note"]) if text),
        cities=tuple(_city(row, facts, language) for row in facts.verdicts),
    )


def size(count: int | None) -> str:
    """Return bytes as people read them; a dash for none."""
    if count is None:
        return "—"
    if count < _KIBI:
        return f"{count} B"
    return f"{count / _KIBI:,.0f} KB" if count < _KIBI * _KIBI else f"{count / _KIBI / _KIBI:,.1f} MB"


def _triggers(language: Language) -> dict[str, str]:
    return {"nightly": language.say("每晚"), "on_demand": language.say("复核"), "replay": language.say("重放")}


def _city(row: Row, facts: RunFacts, language: Language) -> CityOfRun:
    pulled = facts.pulled.get(row["code"])
    certificate = row["certificate"] or {}
    start, width = _placed(facts.run, pulled, row["judged_at"])
    return CityOfRun(
        code=row["code"],
        name=row["name"],
        mark=mark(State(row["state"]), language.say),
        grade=row["grade"] or "—",
        proof=certificate.get("proof") or "；".join(certificate.get("problems", ())) or "—",
        pages="—" if pulled is None else f"{pulled['pages']:,}",
        size=size(None if pulled is None else pulled["bytes"]),
        judged=language.clock(row["judged_at"]),
        start=start,
        width=width,
    )


def _placed(run: Row, pulled: Row | None, judged_at: str) -> tuple[float | None, float]:
    """Return where a city's part of the run lies: from its first page to its verdict."""
    if pulled is None or not run["finished_at"]:
        return None, 0.0
    began, ended = datetime.fromisoformat(run["started_at"]), datetime.fromisoformat(run["finished_at"])
    whole = max(1.0, (ended - began).total_seconds())
    first = (datetime.fromisoformat(pulled["first_at"]) - began).total_seconds() / whole * 100
    last = (datetime.fromisoformat(judged_at) - began).total_seconds() / whole * 100
    start = min(99.0, max(0.0, first))
    return round(start, 1), round(max(1.0, min(100.0, last) - start), 1)
