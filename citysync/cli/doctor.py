"""``citysync doctor [CITY…]``: our own side first, then each city, without changing anything."""

from __future__ import annotations

from citysync.cli.exits import FLAGGED_CITIES, IN_SYNC, OURS, USAGE
from citysync.cli.places import Places, now
from citysync.cli.render import console, print_json, print_rows


def doctor(*cities: str, offline: bool = False, json: bool = False, places: Places | None = None) -> int:
    """体检：先查本系统（配置、密钥、台账、基本目录、日历、磁盘），再逐市试拉，不写入任何结果。

    Parameters
    ----------
    cities
        城市区划代码；不写则为全部启用的城市
    offline
        只查本系统，不访问任何城市
    json
        输出一份 JSON
    """
    from flows.checkup import EXIT_CODES, OUTCOME_LABELS, check_cities, check_ourselves

    settings = (places or Places()).settings()
    results = check_ourselves(settings, now())
    if not offline:
        results += check_cities(settings, cities, now())
    if json:
        print_json({"schema_version": 1, "checks": [result.__dict__ for result in results]})
    else:
        rows = [[OUTCOME_LABELS[r.outcome], r.check_id, r.place, r.text, r.remedy] for r in results]
        print_rows(console(), ["结果", "检查", "对象", "情况", "如何处理"], rows)
    codes = {EXIT_CODES.get((result.outcome, result.side), IN_SYNC) for result in results}
    return next((code for code in (USAGE, OURS, FLAGGED_CITIES) if code in codes), IN_SYNC)
