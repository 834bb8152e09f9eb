"""``citysync appeals list|uphold|reject``: what cities say against findings, and what the province answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from cyclopts import App, Parameter

from citysync.cli.places import Places, now
from citysync.cli.render import console, local_time, print_first, print_json, print_rows
from citysync.domain.appeal import Answer, words

appeals = App(name="appeals", help="申诉：各市对差异的异议，与省平台的答复。", help_format="plaintext")

Serials = Annotated[tuple[int, ...], Parameter(help="申诉编号，可多个")]
Json = Annotated[bool, Parameter(help="输出一份 JSON")]
HEADINGS = ("编号", "城市", "检查", "编码", "申诉", "理由", "提交人", "答复")


@appeals.command(name="list")
def list_(
    city: str | None = None, /, *, all: bool = False, limit: int = 100, json: bool = False, places: Places | None = None
) -> int:
    """列出申诉，默认只列待答复的。

    Parameters
    ----------
    city
        城市区划代码，默认全部
    all
        连同已答复的
    limit
        屏幕上最多显示的行数
    json
        输出一份 JSON（不受 limit 限制）
    """
    from citysync.storage.appeals import listed
    from citysync.storage.schema import open_store

    with open_store((places or Places()).settings().database, write=False) as store:
        rows = listed(store, city, None, waiting=not all)
    if json:
        print_json({"schema_version": 1, "appeals": rows})
        return 0
    print_first(
        HEADINGS,
        [_row(row) for row in rows],
        limit,
        "答复：citysync appeals uphold 编号 --handler 由谁处理 --reason 原因",
    )
    return 0


@appeals.command
def uphold(
    serials: Serials,
    /,
    *,
    handler: Annotated[str, Parameter(help="由谁处理，例如 省目录组")],
    reason: Annotated[str, Parameter(help="为什么成立、怎样处理；市里看得到，记入审计")],
    json: Json = False,
    places: Places | None = None,
) -> int:
    """申诉成立：写明由谁处理；结论要等目录、豁免或规则改过之后才会变。"""
    return _answered(serials, Answer.UPHELD, handler, reason, json=json, places=places)


@appeals.command
def reject(
    serials: Serials,
    /,
    *,
    reason: Annotated[str, Parameter(help="为什么不成立；市里看得到，记入审计")],
    json: Json = False,
    places: Places | None = None,
) -> int:
    """申诉不成立：写明原因。"""
    return _answered(serials, Answer.REJECTED, "", reason, json=json, places=places)


def _answered(
    serials: tuple[int, ...], answer: Answer, handler: str, reason: str, *, json: bool, places: Places | None
) -> int:
    from citysync.storage.audit import os_user
    from flows.deciding import answer_appeals

    settings = (places or Places()).settings()
    rows = answer_appeals(settings, serials, answer, handler, reason, os_user(), now())
    if json:
        print_json({"schema_version": 1, "appeals": rows})
        return 0
    print_rows(console(), HEADINGS, [_row(row) for row in rows])
    return 0


def _row(row: Mapping[str, Any]) -> list[object]:
    from citysync.storage.appeals import beside

    return [
        row["serial"],
        row["city_code"],
        row["check"],
        row["task_handle_item"] or row["task_code"] or row["catalog_code"],
        local_time(row["appealed_at"]),
        row["reason"],
        row["appealed_by"],
        "" if row["answer"] is None else words(beside(row)),
    ]
