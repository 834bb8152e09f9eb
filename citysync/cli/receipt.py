"""``citysync receipt CITY --out DIR``: 回执, every problem in the city's own terms, as XLSX and CSV."""

from __future__ import annotations

from pathlib import Path

from citysync.cli.places import Places
from citysync.cli.render import console, print_json


def receipt(
    *cities: str, out: Path = Path("receipts"), run: str | None = None, json: bool = False, places: Places | None = None
) -> int:
    """生成回执：一个 XLSX 和一个 CSV，每个问题在哪里、是什么、应为什么。

    Parameters
    ----------
    cities
        城市区划代码；不写则为全部启用的城市
    out
        写入的目录
    run
        某次运行；默认最近一次
    json
        输出一份 JSON
    """
    from flows.receipts import write_receipts

    settings = (places or Places()).settings()
    written = write_receipts(settings, cities, out, run)
    if json:
        print_json({"schema_version": 1, "files": [str(path) for path in written]})
    else:
        for path in written:
            console().print(str(path))
    return 0
