"""``citysync identity list|confirm|reject|revoke``: items that may have changed their code, their name, or both."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any

from cyclopts import App, Parameter

from citysync.cli.places import Places, now
from citysync.cli.render import SHANGHAI, console, print_first, print_json

identity = App(name="identity", help="换码、更名、拆分、合并的提议：由人确认，可撤销。", help_format="plaintext")

Ids = Annotated[tuple[int, ...], Parameter(help="提议编号，可多个")]
Why = Annotated[str, Parameter(help="原因，记入台账")]
Json = Annotated[bool, Parameter(help="输出一份 JSON")]
HEADINGS = ("编号", "城市", "变化", "现报", "对应", "把握", "状态", "依据")


@identity.command(name="list")
def list_(
    city: str | None = None, /, *, all: bool = False, limit: int = 100, json: bool = False, places: Places | None = None
) -> int:
    """列出提议，默认只列待确认的。

    Parameters
    ----------
    city
        城市区划代码，默认全部
    all
        连同已确认、已否决、已撤销的
    limit
        屏幕上最多显示的行数
    json
        输出一份 JSON（不受 limit 限制）
    """
    from citysync.storage.identity import Standing, proposals
    from citysync.storage.schema import open_store

    with open_store((places or Places()).settings().database, write=False) as store:
        rows = proposals(store, city, None if all else Standing.OPEN)
    if json:
        print_json({"schema_version": 1, "proposals": rows})
        return 0
    print_first(HEADINGS, [_row(row) for row in rows], limit, "确认：citysync identity confirm 编号 --reason 原因")
    return 0


@identity.command
def confirm(
    ids: Ids,
    /,
    *,
    reason: Annotated[str, Parameter(help="依据，例如文号，记入台账")],
    effective: Annotated[date | None, Parameter(help="从哪个业务日期起适用，默认上海时间今天")] = None,
    json: Json = False,
    places: Places | None = None,
) -> int:
    """确认：此后的核对把现报的编码当作所对应的编码。"""
    return _decided(ids, "confirmed", reason, effective, json=json, places=places)


@identity.command
def reject(ids: Ids, /, *, reason: Why | None = None, json: Json = False, places: Places | None = None) -> int:
    """否决：不是同一事项，不再列为待确认。"""
    return _decided(ids, "rejected", reason, json=json, places=places)


@identity.command
def revoke(ids: Ids, /, *, reason: Why, json: Json = False, places: Places | None = None) -> int:
    """撤销已作的确认：此后的核对不再适用，已发布的结论不变。"""
    return _decided(ids, "revoked", reason, json=json, places=places)


def _decided(
    ids: tuple[int, ...],
    standing: str,
    reason: str | None,
    effective: date | None = None,
    *,
    json: bool,
    places: Places | None,
) -> int:
    from citysync.domain.errors import ConfigError
    from citysync.storage.audit import os_user
    from citysync.storage.identity import STANDING_LABELS, Decision, Standing, decide
    from flows.ledger_at import writable_ledger

    if reason is not None and not reason.strip():
        raise ConfigError("--reason 是空的；请写明依据，例如文号")
    today = now().astimezone(SHANGHAI).date()
    made = Decision(Standing(standing), os_user(), now(), effective or today, reason)
    with writable_ledger((places or Places()).settings()) as store:
        rows = [decide(store, each, made) for each in ids]
    if json:
        print_json({"schema_version": 1, "proposals": rows})
        return 0
    for row in rows:
        codes = f"{_codes(row['before'])} → {_codes(row['after'])}"
        console().print(
            f"{STANDING_LABELS[row['standing']]} {row['id']}：{row['city_code']} {codes}，自 {made.effective_on}"
        )
    return 0


def _row(row: Mapping[str, Any]) -> list[object]:
    from citysync.domain.identity import CHANGE_LABELS, Change
    from citysync.storage.identity import STANDING_LABELS

    sent, master = _codes(row["before"]), _codes(row["after"])
    return [
        row["id"],
        row["city_code"],
        CHANGE_LABELS[Change(row["change"])],
        f"{sent} {row['before_name'] or ''}",
        f"{master} {row['after_name'] or ''}",
        f"{row['score']:.0%}",
        STANDING_LABELS[row["standing"]],
        row["evidence"],
    ]


def _codes(codes: list[str]) -> str:
    return "、".join(codes)
