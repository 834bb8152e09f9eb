"""``citysync sessions list|end``: who is signed in to the pages, and ending a session at once."""

from __future__ import annotations

from typing import Annotated

from cyclopts import App, Parameter

from citysync.cli.places import Places, now
from citysync.cli.render import console, local_time, print_json, print_rows
from citysync.domain.principal import ROLE_LABELS, Role

sessions = App(name="sessions", help="登录会话：谁此刻登录着网页。", help_format="plaintext")

HEADINGS = ["编号", "谁", "角色", "城市", "登录", "到期", "网段"]


@sessions.command(name="list")
def list_(*, json: bool = False, places: Places | None = None) -> int:
    """列出此刻有效的会话：谁、自何时起、从哪个网段。

    Parameters
    ----------
    json
        输出一份 JSON
    """
    from citysync.storage.schema import open_store
    from citysync.storage.sessions import listed

    with open_store((places or Places()).settings().database, write=False) as store:
        rows = listed(store, now())
    if json:
        print_json({"schema_version": 1, "sessions": rows})
        return 0
    told = [
        [
            row["serial"],
            row["name"],
            ROLE_LABELS[Role(row["role"])],
            row["city_code"],
            local_time(row["begun_at"]),
            local_time(row["until"]),
            row["network"],
        ]
        for row in rows
    ]
    print_rows(console(), HEADINGS, told)
    return 0


@sessions.command
def end(
    serial: Annotated[int, Parameter(help="会话编号，见 citysync sessions list")], /, *, places: Places | None = None
) -> int:
    """结束一个会话，立即生效；令牌本身不受影响，要连同吊销请用 citysync token revoke。"""
    from citysync.storage.audit import os_user
    from citysync.storage.sessions import end as end_session
    from flows.ledger_at import writable_ledger

    with writable_ledger((places or Places()).settings()) as store:
        row = end_session(store, serial, os_user(), now())
    console(stderr=True).print(f"会话 {serial}（{row['name']}）已结束")
    return 0
