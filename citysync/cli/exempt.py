"""``citysync exempt [CITY…]``: the register of exemptions (豁免), what each lifts, and what ends soon."""

from __future__ import annotations

from collections import Counter
from datetime import date
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from citysync.cli.places import Places, today
from citysync.cli.render import console, print_json, print_rows

if TYPE_CHECKING:
    from citysync.reconciliation.register import Entry

HEADINGS = ["城市", "基本编码", "事项", "地区", "原因", "文件", "期限", "状态", "涉及应领"]


def exempt(
    *cities: str,
    on: Annotated[date | None, Parameter(help="截至哪个业务日期，默认上海时间今天")] = None,
    within: Annotated[int, Parameter(help="多少天内到期算即将到期")] = 30,
    ending: Annotated[bool, Parameter(help="只列已到期和即将到期的")] = False,
    json: bool = False,
    places: Places | None = None,
) -> int:
    """豁免登记：哪些事项不必有、依据哪份文件、到哪一天；已到期的重新计为漏领。

    Parameters
    ----------
    cities
        城市区划代码；不写则为全部启用的城市
    json
        输出一份 JSON
    """
    from citysync.reconciliation.register import Ends
    from flows.exemptions import register

    day = on or today()
    entries = register((places or Places()).settings(), cities, day, within)
    counts = Counter(entry.ends for entry in entries)
    shown = [entry for entry in entries if not ending or entry.ends is not Ends.HOLDS]
    if json:
        summary = {"exemptions": len(entries), **{each.value: counts[each] for each in Ends}}
        rows = [_document(entry) for entry in shown]
        print_json({"schema_version": 1, "business_date": day.isoformat(), "summary": summary, "exemptions": rows})
        return 0
    soon, over = counts[Ends.SOON], counts[Ends.OVER]
    console().print(f"截至 {day} · 豁免 {len(entries)} 项 · {within} 天内到期 {soon} 项 · 已到期 {over} 项")
    print_rows(console(), HEADINGS, [_row(entry) for entry in shown])
    return 0


def _document(entry: Entry) -> dict[str, Any]:
    exemption = entry.exemption
    return {
        "city": entry.city.code,
        **exemption.model_dump(mode="json"),
        "item_name": entry.item_name,
        "ends": entry.ends.value,
        "obligations": entry.obligations,
    }


def _row(entry: Entry) -> list[object]:
    from citysync.domain.city import EXEMPTION_LABELS
    from citysync.reconciliation.register import ENDS_LABELS

    exemption = entry.exemption
    return [
        f"{entry.city.code} {entry.city.name}",
        exemption.catalog_code,
        entry.item_name or "（基本目录没有这一项）",
        exemption.areacode or "全市",
        EXEMPTION_LABELS[exemption.reason],
        exemption.document,
        exemption.until,
        ENDS_LABELS[entry.ends],
        entry.obligations,
    ]
