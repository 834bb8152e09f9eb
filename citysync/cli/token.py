"""``citysync token issue|list|revoke``: who may look at the pages."""

from __future__ import annotations

import sys
from datetime import timedelta
from typing import Annotated, Literal

from cyclopts import App, Parameter

from citysync.cli.places import Places, now
from citysync.cli.render import console, local_time, print_json, print_rows
from citysync.domain.errors import ConfigError
from citysync.domain.principal import ROLE_LABELS, Principal, Role

token = App(name="token", help="令牌：谁可以看网页、用接口。", help_format="plaintext")

HEADINGS = ["编号", "谁", "角色", "城市", "发放", "到期", "吊销"]


@token.command
def issue(
    name: str,
    *,
    role: Literal["province_admin", "province_reader", "city"] = "city",
    city: str | None = None,
    days: Annotated[int, Parameter(help="有效天数")] = 90,
    places: Places | None = None,
) -> int:
    """发放一个令牌：只在此刻显示一次，台账只存它的哈希。

    Parameters
    ----------
    name
        给谁：姓名或程序名
    role
        角色：province_admin 省级管理员，province_reader 省级只读，city 市级
    city
        市级角色看哪个市：区划代码
    """
    from citysync.storage import tokens
    from citysync.storage.audit import os_user
    from flows.ledger_at import writable_ledger
    from flows.night import chosen

    settings = (places or Places()).settings()
    if (role == Role.CITY.value) != (city is not None):
        raise ConfigError("市级角色要写 --city 区划代码，省级角色不写")
    if days < 1:
        raise ConfigError(f"--days {days}：有效天数至少 1")
    if city is not None:
        chosen(settings, (city,))
    moment = now()
    with writable_ledger(settings) as store:
        principal = Principal(name, Role(role), city)
        text = tokens.issue(store, principal, moment + timedelta(days=days), os_user(), moment)
    console(stderr=True).print(f"令牌只显示这一次，{days} 天后到期；请用安全的方式交给 {name}")
    sys.stdout.write(f"{text}\n")
    return 0


@token.command(name="list")
def list_(*, json: bool = False, places: Places | None = None) -> int:
    """列出发放过的令牌（不含令牌本身）。

    Parameters
    ----------
    json
        输出一份 JSON
    """
    from citysync.storage import tokens
    from citysync.storage.schema import open_store

    with open_store((places or Places()).settings().database, write=False) as store:
        rows = tokens.listed(store)
    if json:
        print_json({"schema_version": 1, "tokens": rows})
        return 0
    print_rows(
        console(),
        HEADINGS,
        [
            [
                str(row["serial"]),
                row["name"],
                ROLE_LABELS[Role(row["role"])],
                row["city_code"] or "",
                *(local_time(row[key]) for key in ("issued_at", "expires_at", "revoked_at")),
            ]
            for row in rows
        ],
    )
    return 0


@token.command
def revoke(serial: int, *, places: Places | None = None) -> int:
    """吊销一个令牌，立即生效，已登录的也随即失效。

    Parameters
    ----------
    serial
        令牌编号，见 citysync token list
    """
    from citysync.storage import tokens
    from citysync.storage.audit import os_user
    from flows.ledger_at import writable_ledger

    with writable_ledger((places or Places()).settings()) as store:
        tokens.revoke(store, serial, os_user(), now())
    console(stderr=True).print(f"令牌 {serial} 已吊销")
    return 0
