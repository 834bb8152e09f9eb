"""``citysync receipt CITY --out DIR``: 回执, every problem in the city's own terms, as XLSX, CSV and JSON."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from citysync.cli.places import Places, now
from citysync.cli.receipts_sent import WAYS
from citysync.cli.render import console, print_json, print_rows
from citysync.domain.errors import ConfigError

if TYPE_CHECKING:
    from citysync.config.settings import Settings


def receipt(
    *cities: str,
    out: Path = Path("receipts"),
    run: Annotated[str | None, Parameter(help="某次运行；默认最近一次")] = None,
    deliver: Annotated[
        bool, Parameter(help="现在就按城市文件的 [receipt] 送达，不写入 out；运行之后本会自动送达")
    ] = False,
    sent: Annotated[bool, Parameter(help="列出最近的送达，和没有送到、等待重送或已放弃的回执")] = False,
    returned: Annotated[Path | None, Parameter(help="读取市里回传的 XLSX，列出其中的申诉")] = None,
    json: Annotated[bool, Parameter(help="输出一份 JSON")] = False,
    places: Places | None = None,
) -> int:
    """生成回执：每个问题在哪里、是什么、应为什么；或按城市文件送达；或读取市里回传的回执。

    Parameters
    ----------
    cities
        城市区划代码；不写则为全部启用的城市
    out
        写入的目录
    """
    if returned is not None:
        return _read(returned, json=json)
    settings = (places or Places()).settings()
    if sent:
        from citysync.cli.receipts_sent import show_sent

        return show_sent(settings, cities, json=json)
    if deliver:
        return _deliver(settings, cities, run, json=json)
    from flows.receipts import write_receipts

    written = write_receipts(settings, cities, out, run)
    if json:
        print_json({"schema_version": 1, "files": [str(path) for path in written]})
    else:
        for path in written:
            console().print(str(path))
    return 0


def _deliver(settings: Settings, cities: tuple[str, ...], run: str | None, *, json: bool) -> int:
    from flows.delivery import deliver_receipts

    attempts = deliver_receipts(settings, cities, run, now())
    if json:
        print_json({"schema_version": 1, "deliveries": [asdict(each) for each in attempts]})
    else:
        headings = ["城市", "方式", "结果", "问题", "去向或原因"]
        told = [
            [
                each.city_code,
                WAYS[each.way],
                "已送达" if each.delivered else "未送达",
                each.problems,
                each.error or each.target,
            ]
            for each in attempts
        ]
        print_rows(console(), headings, told)
        if not attempts:
            console(stderr=True).print("没有城市设置了送达方式；请在城市文件写 [receipt]，见 docs/add-a-city.md")
    return 0 if all(each.delivered for each in attempts) else 3


def _read(path: Path, *, json: bool) -> int:
    from citysync.reports.returned import read_back

    try:
        rows = read_back(path.read_bytes())
    except OSError as error:
        raise ConfigError(f"读不到回执 {path}：{error.strerror}") from None
    appeals = [row for row in rows if row.appeal]
    if json:
        print_json({"schema_version": 1, "rows": len(rows), "appeals": [row.as_dict() for row in appeals]})
        return 0
    console().print(f"{path.name}：{len(rows)} 行，申诉 {len(appeals)} 行")
    headings = ["序号", "县区", "编码", "问题", "应为", "现为", "申诉说明"]
    told = [
        [row.number, row.county, row.task_code or row.catalog_code, row.problem, row.expected, row.actual, row.appeal]
        for row in appeals
    ]
    print_rows(console(), headings, told)
    return 0
