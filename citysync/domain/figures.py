"""The figures leaders read (督查指标): each a quotient of two counts, with its formula in words. Pure.

Totals are made from counts, never from averages of rates. A figure without a denominator has no rate: it is unknown,
never 0 % and never 100 %. A rate is shown as 100 % only if nothing is lacking, and as 0 % only if nothing is there.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True, slots=True)
class Measure:
    """One figure: ``above`` over ``below``, both sums of named counts, the second part of ``above`` subtracted.

    ``higher_is_better`` False: the less, the better. ``formula``: how people may check it with a calculator.
    """

    name: str
    label: str
    above: tuple[str, ...]
    below: tuple[str, ...]
    formula: str
    minus: tuple[str, ...] = ()
    higher_is_better: bool = True


_VISITS = "到现场次数为 {} 的事项 ÷ 在用事项"

MEASURES: dict[str, Measure] = {
    measure.name: measure
    for measure in (
        Measure("onboard", "进驻率", ("met",), ("due",), "已进驻（已领）事项 ÷ 应进驻（应领）事项"),
        Measure(
            "agreement",
            "要素一致率",
            ("agreed",),
            ("paired",),
            "六个要素（名称、编码、类型、依据、层级、实施主体编码）都与基本目录一致的事项 ÷ 基本目录里有的事项",
        ),
        Measure(
            "depth",
            "深度达标率",
            ("depth_met",),
            ("depth_comparable",),
            "达到深度目标的事项 ÷ 有目标且深度属于同一标准的事项",
        ),
        Measure(
            "within_cap",
            "到场次数达标率",
            ("within_cap",),
            ("rows",),
            "到现场次数不超过上限的事项 ÷ 在用事项（没有填的算未达标）",
        ),
        Measure("zero_visits", "零跑动率", ("visits_0",), ("rows",), _VISITS.format("0")),
        Measure("one_visit", "跑一次占比", ("visits_1",), ("rows",), _VISITS.format("1")),
        Measure("two_visits", "跑两次占比", ("visits_2",), ("rows",), _VISITS.format("2")),
        Measure("three_visits", "跑三次占比", ("visits_3",), ("rows",), _VISITS.format("3")),
        Measure(
            "over_three_visits",
            "超过三次占比",
            ("visits_over_3",),
            ("rows",),
            "到现场次数超过 3 的事项 ÷ 在用事项",
            higher_is_better=False,
        ),
        Measure("online", "网上可办率", ("online",), ("rows",), "可网上办理的事项 ÷ 在用事项"),
        Measure(
            "time_cut",
            "时限压减率",
            ("days_legal",),
            ("days_legal",),
            "（法定时限之和 − 承诺时限之和）÷ 法定时限之和，只计两个时限单位相同的事项；是和之比，不是比的平均",
            minus=("days_promised",),
        ),
        Measure(
            "over_legal",
            "承诺超法定占比",
            ("days_over_legal",),
            ("days_comparable",),
            "承诺时限超过法定时限的事项 ÷ 单位相同、可比的事项",
            higher_is_better=False,
        ),
        Measure(
            "validation", "校验通过率", ("accepted",), ("accepted", "rejected"), "接受的行 ÷（接受的行 ＋ 拒收的行）"
        ),
        Measure(
            "punctuality",
            "准时率",
            ("nights_on_time",),
            ("nights_judged",),
            "当晚取得并采用了数据、且数据不过期的夜数 ÷ 判定过的夜数（不计归我方原因的未判定）",
        ),
        Measure(
            "nights_in_sync",
            "同步夜占比",
            ("nights_in_sync",),
            ("nights_judged",),
            "状态为同步的夜数 ÷ 判定过的夜数（不计归我方原因的未判定）",
        ),
    )
}


@dataclass(frozen=True, slots=True)
class Figure:
    """A measure's value: ``above`` of ``below``. ``rate`` is exact; None where nothing is counted."""

    measure: Measure
    above: int
    below: int

    @property
    def rate(self) -> Fraction | None:
        """Return the exact quotient."""
        return None if self.below == 0 else Fraction(self.above, self.below)

    @property
    def complete(self) -> bool:
        """Return whether nothing is lacking; a figure of nothing is not complete."""
        return self.below > 0 and self.above == self.below

    @property
    def percent(self) -> str:
        """Return the rate as people read it: ``96.76%``, or ``—``."""
        return percent(self.rate)

    def as_dict(self) -> dict[str, object]:
        """Return the figure for JSON: pages, documents and receipts show this and nothing else."""
        return {
            "measure": self.measure.name,
            "label": self.measure.label,
            "above": self.above,
            "below": self.below,
            "percent": self.percent,
        }


def figure(name: str, counts: Mapping[str, int]) -> Figure:
    """Return one figure from counts; a count that is not there is 0. Raises KeyError for an unknown measure."""
    measure = MEASURES[name]
    above = sum(counts.get(part, 0) for part in measure.above) - sum(counts.get(part, 0) for part in measure.minus)
    return Figure(measure, above, sum(counts.get(part, 0) for part in measure.below))


def all_figures(counts: Mapping[str, int], wanted: Collection[str] = MEASURES) -> dict[str, Figure]:
    """Return every figure (of those wanted) that these counts speak of, by name, in the order people read them."""
    return {
        name: figure(name, counts)
        for name, measure in MEASURES.items()
        if name in wanted and all(part in counts for part in measure.below)
    }


def percent(rate: Fraction | None) -> str:
    """Return a rate with two decimals, rounded half up, but never up to 100 % nor down to 0 %."""
    if rate is None:
        return "—"
    hundredths = _rounded(rate * 10_000)
    if rate not in {0, 1}:
        hundredths = min(hundredths, 9_999) if rate < 1 else max(hundredths, 10_001)
        hundredths = max(hundredths, 1) if rate > 0 else min(hundredths, -1)
    return f"{'-' if hundredths < 0 else ''}{abs(hundredths) // 100}.{abs(hundredths) % 100:02d}%"


def points(now: Figure, then: Figure) -> str:
    """Return the change between two figures in percentage points: ``+1.25``, ``—`` if one of them has no rate."""
    if now.rate is None or then.rate is None:
        return "—"
    hundredths = _rounded((now.rate - then.rate) * 10_000)
    return (
        f"{'-' if hundredths < 0 else '+' if hundredths else '±'}{abs(hundredths) // 100}.{abs(hundredths) % 100:02d}"
    )


def summed(rows: list[Mapping[str, int]]) -> dict[str, int]:
    """Return the counts of several groups added up: what a total is made of."""
    names = dict.fromkeys(name for row in rows for name in row)
    return {name: sum(row.get(name, 0) for row in rows) for name in names}


def _rounded(value: Fraction) -> int:
    """Return the nearest whole number, halves away from zero, as people round."""
    nearest = (abs(value) + Fraction(1, 2)).__floor__()
    return -nearest if value < 0 else nearest
