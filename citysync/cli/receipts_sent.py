"""``citysync receipt --sent``: which receipts reached their cities, and which still wait or were given up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from citysync.cli.render import console, print_json, print_rows

if TYPE_CHECKING:
    from citysync.config.settings import Settings

WAYS = {"folder": "文件夹", "post": "接口", "table": "反馈表"}


def show_sent(settings: Settings, cities: tuple[str, ...], *, json: bool) -> int:
    """Print each city's last attempts and what did not arrive; 3 while something did not."""
    from citysync.storage import deliveries, receipt_outbox
    from citysync.storage.schema import open_store
    from flows.night import chosen

    codes = tuple(chosen(settings, cities))
    with open_store(settings.database, write=False) as store:
        waiting = [row for row in receipt_outbox.undelivered(store) if row["city_code"] in codes]
        attempts = [row for code in codes for row in deliveries.attempts(store, code)]
    if json:
        print_json({"schema_version": 1, "undelivered": waiting, "deliveries": attempts})
        return 3 if waiting else 0
    for row in waiting:
        when = "已放弃自动重送" if row["outcome"] else f"{row['not_before']:%Y-%m-%d %H:%M} 后重送"
        told = (
            f"{row['city_code']} {WAYS[row['way']]} 未送达（运行 {row['run_id']}，试过 {row['attempts']} 次，{when}）"
        )
        console().print(f"{told}：{row['error'] or '尚未试过'}")
    headings = ["城市", "方式", "运行", "时间", "结果", "问题", "去向或原因"]
    rows = [
        [
            row["city_code"],
            WAYS[row["way"]],
            row["run_id"],
            f"{row['attempted_at']:%Y-%m-%d %H:%M}",
            "已送达" if row["delivered"] else "未送达",
            row["problems"],
            row["error"] or row["target"],
        ]
        for row in attempts
    ]
    print_rows(console(), headings, rows)
    return 3 if waiting else 0
