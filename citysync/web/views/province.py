"""The province page's facts as what it says: one sentence, six numbers, a tile per city, who needs somebody."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from citysync.domain.snapshot import GRADE_MEANINGS, Grade
from citysync.domain.verdict import FLAGGED, State
from citysync.domain.workdays import calendar
from citysync.web.language import Language
from citysync.web.reading.province import CityFacts, Night, ProvinceFacts
from citysync.web.views.advice import doer, is_theirs, next_step
from citysync.web.views.charts import Bar, Line, line, strip
from citysync.web.views.labels import SHOWN, URGENCY, Mark, Say, change, mark
from citysync.web.views.reasons import causes

LINE_DAYS = 30
_STALE = timedelta(hours=26)


@dataclass(frozen=True, slots=True)
class StateCount:
    """How many cities stand so, and how many more or fewer than a business date earlier."""

    mark: Mark
    count: int
    change: str


@dataclass(frozen=True, slots=True)
class Tile:
    """One city, everywhere it is shown. ``row``, ``column``: from its file, 0 where it has no place on the grid.

    ``amount``: how much there is to correct; ``lasting``: for how many days; ``left``: the deadline, all in words;
    ``who``: who takes the next step; ``contact``: how the city can be reached, empty where the step is not the city's.
    """

    code: str
    name: str
    mark: Mark
    row: int
    column: int
    amount: str
    cause: str
    who: str
    contact: str
    do: str
    lasting: str
    left: str
    overdue: bool
    line: Line
    bars: tuple[Bar, ...]
    cells: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class ProvincePage:
    """What the page shows. ``judged`` of ``total``: the denominator stands in front; ``needs``: by urgency."""

    when: str
    master: str
    run_id: str | None
    status: str
    warning: str
    sentence: str
    judged: int
    total: int
    compared: bool
    counts: tuple[StateCount, ...]
    grades: tuple[tuple[str, str], ...]
    tiles: tuple[Tile, ...]
    by_urgency: tuple[Tile, ...]
    needs: tuple[Tile, ...]
    rows: int
    columns: int
    strip_from: str
    strip_to: str


def province_page(facts: ProvinceFacts, language: Language, now: datetime) -> ProvincePage:
    """Return what the province page says of these facts."""
    say = language.say
    tiles = tuple(tile(each, facts, language) for each in facts.cities)
    ranked = tuple(tiles[place] for place in _by_urgency(facts.cities))
    needed = {each.city.code for each in facts.cities if State(each.told["state"]) is not State.IN_SYNC}
    run = facts.run or {}
    return ProvincePage(
        when=language.day(facts.on),
        master=str(run.get("master_version") or "—"),
        run_id=run.get("run_id"),
        status=_status(run, language),
        warning=_warning(run, say, now),
        sentence=_sentence(facts, say),
        judged=sum(1 for each in facts.cities if each.told["since"] is not None),
        total=len(tiles),
        compared=any(each.before is not None for each in facts.cities),
        counts=_counts(facts.cities, say),
        grades=tuple((grade.value, say(text)) for grade, text in GRADE_MEANINGS.items()),
        tiles=tiles,
        by_urgency=ranked,
        needs=tuple(each for each in ranked if each.code in needed),
        rows=max((each.row for each in tiles), default=0),
        columns=max((each.column for each in tiles), default=0),
        strip_from=language.short_day(facts.since),
        strip_to=language.short_day(facts.on),
    )


def tile(city: CityFacts, facts: ProvinceFacts, language: Language) -> Tile:
    """Return one city as every overview shows it."""
    say, state, told = language.say, State(city.told["state"]), city.told
    row, column = city.city.tile or (0, 0)
    left, overdue = _left(city.due_on, facts.today, language)
    return Tile(
        code=city.city.code,
        name=city.city.name,
        mark=mark(state, say),
        row=row,
        column=column,
        amount=_amount(city, say),
        cause=causes(told["reasons"], language, city.city.code, city.city.name),
        who=doer(state, told["reasons"], say),
        contact=language.listed(city.city.contacts) if is_theirs(state, told["reasons"]) else "",
        do=next_step(state, told["reasons"], language),
        lasting=_lasting(city, facts.on, say),
        left=left,
        overdue=overdue,
        line=_line(city.nights, facts.on, say),
        bars=strip(
            ((night.on, night.state) for night in city.nights),
            facts.since,
            facts.on,
            lambda first, last, which: _stretch(first, last, which, language),
        ),
        cells=_cells(city, language),
    )


def errors(city: CityFacts) -> int | None:
    """Return how many errors are in force, None where no directory was ever adopted."""
    return None if city.weights is None else city.weights.get("error", 0)


def _amount(city: CityFacts, say: Say) -> str:
    wrong, kept = errors(city), city.told.get("in_force")
    if wrong is None:
        return say("尚无数据")
    if kept:  # what an older snapshot held says nothing about today: no count, above all no "none"
        return say("沿用 %(day)s 数据") % {"day": str(kept["business_date"])[5:]}
    if wrong:
        return say("差异 %(count)s") % {"count": f"{wrong:,}"}
    if unproved := _unproved(city):
        return say("缺 %(count)s 项（未核实完整）") % {"count": f"{unproved:,}"}
    hints = sum(city.weights.values()) if city.weights else 0
    return say("提示 %(count)s") % {"count": f"{hints:,}"} if hints else say("无差异")


def _unproved(city: CityFacts) -> int:
    """Return how many obligations were not seen in a directory whose completeness is not proved: no difference yet."""
    counts = city.told["counts"]
    return max(0, int(counts["due"]) - int(counts["met"])) if city.told["grade"] == Grade.C else 0


def _lasting(city: CityFacts, on: date, say: Say) -> str:
    """Return for how many days in a row the city has stood so, counted in the days it was judged."""
    if not city.nights:
        return ""
    state, first = city.nights[-1].state, city.nights[-1].on
    for night in reversed(city.nights):
        if night.state is not state:
            break
        first = night.on
    return say("第 %(days)s 天") % {"days": (on - first).days + 1}


def _left(due_on: date | None, on: date, language: Language) -> tuple[str, bool]:
    if due_on is None:
        return "", False
    if due_on < on:
        late = calendar().workdays_between(due_on, on)
        return language.say("已超期 %(days)s 个工作日") % {"days": late}, True
    days = calendar().workdays_between(on, due_on)
    if not days:
        return language.say("今天下班前"), False
    return language.say("%(day)s下班前，剩 %(days)s 个工作日") % {"day": language.day(due_on), "days": days}, False


def _line(nights: Sequence[Night], on: date, say: Say) -> Line:
    by_day = {night.on: night.findings for night in nights}
    days = [on - timedelta(days=back) for back in range(LINE_DAYS - 1, -1, -1)]
    known = [found for day in days if (found := by_day.get(day)) is not None]
    told = say("近 30 天发现数：最近 %(last)s，最多 %(most)s") % {
        "last": f"{known[-1]:,}" if known else "—",
        "most": f"{max(known):,}" if known else "—",
    }
    return line([by_day.get(day) for day in days], told)


def _stretch(first: date, last: date, state: State, language: Language) -> str:
    days = language.short_day(first) if first == last else f"{language.short_day(first)}–{language.short_day(last)}"
    return f"{days} {mark(state, language.say).short}"


def _cells(city: CityFacts, language: Language) -> dict[str, str]:
    """Return the table's cells: what a wide overview says in numbers. A dash is nothing counted, never zero."""
    counts = city.told["counts"]
    adopted = [night for night in city.nights if night.findings is not None]
    seen = bool(adopted) and adopted[-1] is city.nights[-1]
    wrong = errors(city)
    before = adopted[-2].findings if len(adopted) > 1 else None
    last = adopted[-1].findings if adopted else None
    return {
        "received": f"{counts['received']:,}" if seen else "—",
        "errors": f"{wrong:,}" if seen and wrong is not None else "—",
        "change": (change(last, before) if seen and last is not None else "") or "—",
        "missing": f"{counts['missing']:,}" if seen and city.told["grade"] != Grade.C else "—",
        "drifted": f"{counts['drifted']:,}" if seen else "—",
        "overclaimed": f"{counts['overclaimed']:,}" if seen else "—",
        "grade": city.told["grade"] or "—",
        "good_on": language.short_day(adopted[-1].on) if adopted else "—",
        "contact": language.listed(city.city.contacts) or "—",
    }


def _by_urgency(cities: Sequence[CityFacts]) -> list[int]:
    def urgency(place: int) -> tuple[int, date, int, str]:
        city = cities[place]
        return URGENCY.index(State(city.told["state"])), city.due_on or date.max, -(errors(city) or 0), city.city.code

    return sorted(range(len(cities)), key=urgency)


def _counts(cities: Sequence[CityFacts], say: Say) -> tuple[StateCount, ...]:
    now = [State(each.told["state"]) for each in cities]
    before = [each.before for each in cities if each.before is not None]
    return tuple(
        StateCount(
            mark(state, say), now.count(state), change(now.count(state), before.count(state) if before else None)
        )
        for state in SHOWN
    )


def _sentence(facts: ProvinceFacts, say: Say) -> str:
    states = [State(each.told["state"]) for each in facts.cities]
    flagged = sum(state in FLAGGED for state in states)
    if len(states) == 1:
        return ""
    if not flagged and states.count(State.IN_SYNC) == len(states):
        return say("%(all)s 个市全部同步。") % {"all": len(states)}
    return say(
        "%(all)s 个市中 %(fine)s 个同步，%(flagged)s 个需要处理，%(late)s 个在宽限期内，%(unknown)s 个未判定。"
    ) % {
        "all": len(states),
        "fine": states.count(State.IN_SYNC),
        "flagged": flagged,
        "late": states.count(State.LAGGING),
        "unknown": states.count(State.UNKNOWN),
    }


def _status(run: Mapping[str, Any], language: Language) -> str:
    say = language.say
    if not run:
        return say("尚未运行")
    started = language.clock(run["started_at"])
    if run["status"] == "running":
        done = {"start": started, "done": run["published"], "all": run["cities"]}
        return say("%(start)s 开始，进行中 %(done)s/%(all)s") % done
    ended = language.clock(run["finished_at"]) if run["finished_at"] else "—"
    words = {"finished": say("完成"), "failed": say("失败"), "cancelled": say("已取消"), "abandoned": say("中断")}
    return f"{started}–{ended} {words.get(run['status'], run['status'])}"


def _warning(run: Mapping[str, Any], say: Say, now: datetime) -> str:
    if not run:
        return ""
    if run["status"] in {"failed", "abandoned"}:
        return say("最近一次运行没有完成，与各市无关；以下为各市最近一次结论。")
    if now - datetime.fromisoformat(run["started_at"]) > _STALE:
        return say("最近一次运行已是一天以前，昨夜没有结果；以下为各市最近一次结论。")
    return ""
