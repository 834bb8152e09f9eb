"""``citysync figures``: 进驻率, 深度, 到场次数 …, by city, county or department, with what they are made of."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from citysync.cli.places import Places, today
from citysync.cli.render import console, print_json, print_rows

if TYPE_CHECKING:
    from citysync.reports.figures import Group, Report
    from citysync.reports.targets import Unmet

SHOWN = ("onboard", "agreement", "depth", "within_cap", "zero_visits", "time_cut", "punctuality")


def figures(
    *cities: str,
    by: Literal["city", "county", "department"] = "city",
    on: Annotated[date | None, Parameter(help="截至哪个业务日期，默认上海时间今天")] = None,
    since: Annotated[date | None, Parameter(help="另与哪一天相比")] = None,
    json: bool = False,
    places: Places | None = None,
) -> int:
    """督查指标：进驻率、要素一致率、深度、到场次数、时限压减、准时率，附分子分母与变化。

    Parameters
    ----------
    cities
        城市区划代码；不写则为全部启用的城市
    by
        按城市、县区还是部门
    json
        输出一份 JSON
    """
    from flows.figures import figures_document, figures_of

    settings = (places or Places()).settings()
    report, missed = figures_of(settings, cities, by, on or today(), since)
    if json:
        print_json(figures_document(report, missed))
        return 0
    _print(report, missed)
    return 0


def _print(report: Report, missed: Sequence[Unmet]) -> None:
    from citysync.domain.figures import MEASURES

    out = console()
    out.print(
        f"截至 {report.on} · 有数据 {len(report.counted)}/{len(report.asked)} 市"
        + (f" · 尚无数据：{'、'.join(report.uncounted)}" if report.uncounted else "")
        + f" · 应领全部进驻 {report.complete()}/{report.total_groups}"
    )
    headings = ["", *(MEASURES[name].label for name in SHOWN), *(f"进驻率较{label}" for label in report.days)]
    print_rows(out, headings, [_row(group, report) for group in (report.total, *report.groups)])
    if missed:
        out.print("未达标名单")
        told = [[each.as_dict()[key] for key in ("name", "label", "value", "target", "by", "since")] for each in missed]
        print_rows(out, ["", "指标", "现为", "目标", "期限", "自"], told)


def _row(group: Group, report: Report) -> list[str]:
    name = group.name if group.name == group.key else f"{group.key} {group.name}"
    cells = [_cell(group, measure) for measure in SHOWN]
    return ["合计" if group.key == "total" else name, *cells, *(group.change("onboard", day) for day in report.days)]


def _cell(group: Group, measure: str) -> str:
    figure = group.figures.get(measure)
    return "—" if figure is None else f"{figure.percent}（{figure.above:,}/{figure.below:,}）"
