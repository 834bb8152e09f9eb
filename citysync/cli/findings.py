"""``citysync findings CITY``: every difference of the last run, with filters."""

from __future__ import annotations

from citysync.cli.lists import listed
from citysync.cli.places import Places

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
    "due_on": "截止",
    "hint": "改哪里",
}


def findings(
    city: str,
    /,
    *,
    json: bool = False,
    check: str | None = None,
    severity: str | None = None,
    areacode: str | None = None,
    field: str | None = None,
    run: str | None = None,
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
    check
        只看某项检查，例如 unclaimed
    severity
        只看某级别：error、warning、cosmetic
    areacode
        只看某区划
    field
        只看某字段
    run
        某次运行；默认最近一次
    limit
        屏幕上最多显示的行数
    """
    filters = {"check": check, "severity": severity, "areacode": areacode, "field": field}
    return listed("findings", city, HEADINGS, filters, run, json=json, limit=limit, places=places or Places())
