"""``citysync findings CITY``: every difference of the last run, with filters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Annotated, Literal

from cyclopts import Parameter

from citysync.cli.lists import Chosen, cell, judged, known_run, listed, refuse_unknown
from citysync.cli.places import Places
from citysync.cli.render import console, print_json, print_rows

HEADINGS = {
    "check": "检查",
    "severity": "级别",
    "areacode": "区划",
    "catalog_code": "基本编码",
    "task_code": "实施编码",
    "task_handle_item": "业务办理项编码",
    "field": "字段",
    "expected": "应为",
    "actual": "现为",
    "first_seen_on": "首次发现",
    "age_workdays": "龄（工作日）",
    "due_on": "截止",
    "hint": "改哪里",
    "appeal": "申诉",
}

FIXED = {
    "check": "检查",
    "severity": "级别",
    "areacode": "区划",
    "catalog_code": "基本编码",
    "task_code": "实施编码",
    "task_handle_item": "业务办理项编码",
    "field": "字段",
    "first_seen_on": "首次发现",
    "last_seen_on": "最后见于",
    "fixed_on": "改好",
}


@Parameter(name="*")
@dataclass(frozen=True)
class Wanted:
    """Which findings are asked for."""

    check: Annotated[str | None, Parameter(help="只看某项检查，例如 unclaimed")] = None
    severity: Annotated[Literal["error", "warning", "cosmetic"] | None, Parameter(help="只看某级别")] = None
    areacode: Annotated[str | None, Parameter(help="只看某区划")] = None
    field: Annotated[str | None, Parameter(help="只看某字段")] = None


def findings(
    city: str,
    /,
    *,
    json: bool = False,
    wanted: Wanted | None = None,
    run: str | None = None,
    on: date | None = None,
    since: date | None = None,
    fixed: bool = False,
    limit: int = 100,
    places: Places | None = None,
) -> int:
    """一个城市的差异清单。

    Parameters
    ----------
    city
        城市区划代码
    json
        输出一份 JSON（全部，不受 limit 限制）
    run
        某次运行；默认最近一次
    on
        截至某业务日期：那一晚公布的清单
    since
        只看自某日起出现（或复发）的；与 fixed 同用时为自某日起改好的
    fixed
        改列已改好、没有复发的差异
    limit
        屏幕上最多显示的行数
    """
    filters, chosen = asdict(wanted or Wanted()), Chosen(run, on, since)
    _refuse_unknown(filters["check"])
    if fixed:
        return _fixed(city, filters, chosen, json=json, limit=limit, places=places or Places())
    return listed("findings", city, HEADINGS, filters, chosen, json=json, limit=limit, places=places or Places())


def _refuse_unknown(check: str | None) -> None:
    """Raise ``ConfigError`` for a check nobody knows: a mistyped one must not look like nothing found."""
    from citysync.reconciliation.checks import all_checks
    from citysync.reconciliation.notes import NOTES

    if check is not None:
        refuse_unknown("--check", check, {**all_checks(), **NOTES})


def _fixed(
    city: str, filters: Mapping[str, str | None], chosen: Chosen, *, json: bool, limit: int, places: Places
) -> int:
    from citysync.storage.lives import fixed, lives_at
    from citysync.storage.schema import open_store

    with open_store(places.settings().database, write=False) as store:
        verdict = judged(store, city, chosen, found=chosen.run is None or known_run(store, city, chosen.run))
        run_id = chosen.run or str(verdict["run_id"])
        _, lives = lives_at(store, city, run_id)
    wanted = {name: value for name, value in filters.items() if value is not None}
    rows = [row for row in fixed(lives, chosen.since) if all(row[name] == value for name, value in wanted.items())]
    if json:
        print_json({"schema_version": 1, "city": city, "run_id": run_id, "fixed": rows})
        return 0
    console().print(f"{city} {verdict['name']} · 运行 {run_id} · 已改好 {len(rows)} 条")
    print_rows(console(), list(FIXED.values()), [[cell(row, name) for name in FIXED] for row in rows[:limit]])
    return 0
