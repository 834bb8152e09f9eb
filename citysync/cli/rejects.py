"""``citysync rejects CITY``: every rejected row of the last run, with filters."""

from __future__ import annotations

from datetime import date

from citysync.cli.lists import Chosen, listed, refuse_unknown
from citysync.cli.places import Places
from citysync.domain.findings import RULE_LABELS

HEADINGS = {
    "row_no": "行",
    "task_code": "实施编码",
    "field": "字段",
    "rule": "规则",
    "value": "现为",
    "expected": "应为",
    "hint": "改哪里",
}


def rejects(
    city: str,
    /,
    *,
    json: bool = False,
    rule: str | None = None,
    field: str | None = None,
    run: str | None = None,
    on: date | None = None,
    limit: int = 100,
    places: Places | None = None,
) -> int:
    """一个城市被拒收的行。

    Parameters
    ----------
    city
        城市区划代码
    json
        输出一份 JSON（全部，不受 limit 限制）
    rule
        只看某条规则，例如 value_unlisted
    field
        只看某字段
    run
        某次运行；默认最近一次
    on
        截至某业务日期：那一晚公布的清单
    limit
        屏幕上最多显示的行数
    """
    if rule is not None:
        refuse_unknown("--rule", rule, RULE_LABELS)
    filters = {"rule": rule, "field": field}
    return listed(
        "rejections", city, HEADINGS, filters, Chosen(run, on), json=json, limit=limit, places=places or Places()
    )
