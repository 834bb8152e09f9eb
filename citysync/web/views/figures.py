"""The figures of a day as their page says them: every rate with what it is made of, its change, its target. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from citysync.domain.figures import MEASURES, Figure, percent
from citysync.reports.figures import Group
from citysync.reports.targets import Target, Unmet
from citysync.web.language import Language
from citysync.web.views.labels import Say
from citysync.web.views.trends import Trend, trend
from flows.figures import DEADLINE, LAST_WEEK, TOTAL, YESTERDAY, By, Figures, Seen

MAIN = ("onboard", "agreement", "depth", "within_cap", "zero_visits", "time_cut", "validation", "punctuality")


@dataclass(frozen=True, slots=True)
class Cell:
    """One figure of one group: ``rate`` of ``above`` over ``below``; ``changes``: one per day compared with."""

    measure: str
    label: str
    rate: str
    above: str
    below: str
    changes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Headline:
    """One main figure of the whole, with its line over the days. ``goal``: the target in words, empty without one."""

    cell: Cell
    trend: Trend
    goal: str
    formula: str


@dataclass(frozen=True, slots=True)
class GroupLine:
    """One city, county or department: its main figures, a cell or None where nothing of the kind was counted."""

    key: str
    name: str
    cells: tuple[Cell | None, ...]
    link: str


@dataclass(frozen=True, slots=True)
class Missed:
    """One name on the list of those who did not meet a target."""

    name: str
    label: str
    value: str
    target: str
    by: str
    since: str
    overdue: bool
    document: str


@dataclass(frozen=True, slots=True)
class FiguresPage:
    """What the page shows. ``compared``: the days compared with; ``absent``: cities whose directory never came."""

    on: date
    by: By
    title: str
    counted: int
    asked: int
    complete: int
    complete_of: int
    absent: tuple[str, ...]
    dated: tuple[str, ...]
    compared: tuple[str, ...]
    headlines: tuple[Headline, ...]
    whole: tuple[Cell, ...]
    formulas: tuple[tuple[str, str], ...]
    labels: tuple[str, ...]
    groups: tuple[GroupLine, ...]
    missed: tuple[Missed, ...]
    targets: int


def figures_page(seen: Seen, names: dict[str, str], language: Language) -> FiguresPage:
    """Return what the page says of a day's figures. ``names``: city code → name, of the cities asked for."""
    report, say = seen.report, language.say
    late = {code: day for code, day in report.counted.items() if day != report.on}
    return FiguresPage(
        on=report.on,
        by=report.by,  # type: ignore[arg-type]
        title=language.day(report.on),
        counted=len(report.counted),
        asked=len(report.asked),
        complete=report.complete(),
        complete_of=report.total_groups,
        absent=tuple(names.get(code, code) for code in report.uncounted),
        dated=tuple(f"{names.get(code, code)} {language.short_day(day)}" for code, day in sorted(late.items())),
        compared=tuple(_since(label, say) for label in report.days),
        headlines=tuple(_headline(cell, seen, language) for cell in _cells(report.total, say) if cell.measure in MAIN),
        whole=tuple(_cells(report.total, say)),
        formulas=tuple((say(each.label), say(each.formula)) for each in MEASURES.values()),
        labels=tuple(say(MEASURES[name].label) for name in MAIN),
        groups=tuple(_line(group, report.by, say) for group in report.groups),
        missed=tuple(_missed(each, language) for each in seen.unmet),
        targets=len(seen.targets),
    )


def _cells(group: Group, say: Say) -> list[Cell]:
    return [_cell(group, figure, say) for figure in group.figures.values()]


def _cell(group: Group, figure: Figure, say: Say) -> Cell:
    name = figure.measure.name
    changes = tuple(signed(group.change(name, label)) for label in group.before)
    return Cell(
        name, say(figure.measure.label), signed(figure.percent), f"{figure.above:,}", f"{figure.below:,}", changes
    )


def signed(number: str) -> str:
    """Return a number of a document as a page prints it: with a minus sign, not the hyphen of the JSON."""
    return number.replace("-", "−")


def _headline(cell: Cell, seen: Seen, language: Language) -> Headline:
    days = seen.series.get(TOTAL, [])
    target = _next(seen.targets, cell.measure, seen.report.on)
    rates = [_rate(figures, cell.measure) for _, figures in days]
    words = language.say("%(label)s，%(count)s 天，最近 %(rate)s") % {
        "label": cell.label,
        "count": sum(rate is not None for rate in rates),
        "rate": cell.rate,
    }
    drawn = trend(rates, None if target is None else target.rate, words)
    return Headline(cell, drawn, _goal(target, language), language.say(MEASURES[cell.measure].formula))


def _rate(figures: Figures, measure: str) -> Fraction | None:
    found = figures.get(measure)
    return None if found is None else found.rate


def _next(targets: Sequence[Target], measure: str, on: date) -> Target | None:
    """Return the target that counts: the next to come, else the last that passed."""
    mine = sorted((each for each in targets if each.measure == measure), key=lambda each: each.by)
    return next((each for each in mine if each.by >= on), mine[-1] if mine else None)


def _goal(target: Target | None, language: Language) -> str:
    if target is None:
        return ""
    better = MEASURES[target.measure].higher_is_better
    text = language.say("目标 ≥ %(rate)s，%(day)s前") if better else language.say("目标 ≤ %(rate)s，%(day)s前")
    return text % {"rate": percent(target.rate), "day": language.short_day(target.by)}


def _line(group: Group, by: str, say: Say) -> GroupLine:
    cells = {cell.measure: cell for cell in _cells(group, say)}
    link = f"/c/{group.key}" if by == "city" else ""
    return GroupLine(group.key, group.name, tuple(cells.get(name) for name in MAIN), link)


def _missed(each: Unmet, language: Language) -> Missed:
    return Missed(
        name=each.name,
        label=language.say(MEASURES[each.target.measure].label),
        value="—" if each.value is None else signed(each.value.percent) + _of(each.value, language.say),
        target=percent(each.target.rate),
        by=language.day(each.target.by),
        since=language.day(each.since),
        overdue=each.overdue,
        document=each.target.document,
    )


def _of(figure: Figure, say: Say) -> str:
    return f"{say('（')}{figure.above:,}/{figure.below:,}{say('）')}"


def _since(label: str, say: Say) -> str:
    """Return how a day compared with is called: yesterday, last week, the deadline, or its date."""
    known = {YESTERDAY: say("较昨日"), LAST_WEEK: say("较上周"), DEADLINE: say("较期限日")}
    return known.get(label, say("较 %(day)s") % {"day": label})
