"""``citysync alerts …``: what stands open, a test message, acknowledging, silencing, sending what waits."""

from __future__ import annotations

import getpass
from datetime import date
from typing import Annotated

from cyclopts import App, Parameter

from citysync.cli.places import Places, now, today
from citysync.cli.render import console, print_json, print_rows
from citysync.domain.errors import ConfigError

alerts = App(
    name="alerts", help="告警：谁被告知了什么。", help_format="plaintext", default_parameter=Parameter(negative=())
)


@alerts.command(name="list")
def list_(city: str | None = None, *, closed: bool = False, json: bool = False, places: Places | None = None) -> int:
    """未了结的告警：编号、城市、自何时起、升级到哪一级。

    Parameters
    ----------
    city
        城市区划代码；不写则为全部
    closed
        也列出已了结的
    json
        输出一份 JSON
    """
    from citysync.domain.alert import KIND_LABELS, Kind
    from citysync.storage import alerting
    from citysync.storage.schema import open_store

    with open_store((places or Places()).settings().database, write=False) as store:
        rows = alerting.listed(store, city, closed=closed)
    if json:
        print_json({"schema_version": 1, "alerts": rows})
        return 0
    headings = ["编号", "城市", "事由", "自", "级", "已知悉至", "了结"]
    told = [
        [
            row["alert_id"],
            row["city_code"] or "省平台",
            KIND_LABELS[Kind(row["kind"])],
            row["opened_on"],
            row["level"],
            row["ack_until"],
            row["closed_on"],
        ]
        for row in rows
    ]
    print_rows(console(), headings, told)
    return 0


@alerts.command(name="test")
def send_test(channel: str, /, *, json: bool = False, places: Places | None = None) -> int:
    """向一个渠道发一条带“测试”字样的消息；对方收下才算成功。

    Parameters
    ----------
    channel
        _channels.toml 里的渠道名
    json
        输出一份 JSON
    """
    from flows.alert_test import send_test as sent

    error = sent((places or Places()).settings(), channel, now())
    if json:
        print_json({"schema_version": 1, "channel": channel, "delivered": error is None, "error": error})
    else:
        console(stderr=error is not None).print(f"{channel}：{'已送达' if error is None else error}")
    return 0 if error is None else 3


@alerts.command
def ack(alert_id: str, /, *, days: int = 3, reason: str, places: Places | None = None) -> int:
    """知悉一个告警：不再升级，至多 3 个工作日。

    Parameters
    ----------
    alert_id
        告警编号
    days
        工作日数，至多 3
    reason
        由谁、怎样处理
    """
    from citysync.storage.audit import os_user
    from flows.deciding import acknowledge

    until = acknowledge((places or Places()).settings(), alert_id, days, reason, os_user(), now())
    console().print(f"{alert_id} 已知悉至 {until}")
    return 0


@alerts.command
def silence(
    city: str,
    /,
    *,
    until: Annotated[date, Parameter(help="到哪一天（含）")],
    reason: str,
    owner: str | None = None,
    places: Places | None = None,
) -> int:
    """静默一个城市的告警：照常记录，不发送。

    Parameters
    ----------
    city
        城市区划代码
    reason
        为什么
    owner
        由谁负责；默认当前用户
    """
    from citysync.domain.alert import Silence
    from citysync.storage import alerting
    from flows.ledger_at import writable_ledger
    from flows.night import chosen

    settings = (places or Places()).settings()
    chosen(settings, (city,))
    if until < today():
        raise ConfigError(f"--until {until} 已过；请写今天或以后的日期")
    wanted = Silence(city, until, reason, owner or getpass.getuser())
    with writable_ledger(settings) as store:
        alerting.silence(store, wanted, now())
    console().print(f"{city} 静默至 {until}（{wanted.owner}：{reason}）")
    return 0


@alerts.command
def send(*, json: bool = False, places: Places | None = None) -> int:
    """决定还没有决定的告警，把该发的发出去；渠道没收下的留着再发。

    Parameters
    ----------
    json
        输出一份 JSON
    """
    from dataclasses import asdict

    from flows.alerting import tell_now

    posts = tell_now((places or Places()).settings(), now())
    if json:
        print_json({"schema_version": 1, "posts": [asdict(post) for post in posts]})
    else:
        told = [[post.channel, post.pieces, "已送达" if post.delivered else "未送达", post.error] for post in posts]
        print_rows(console(), ["渠道", "条数", "结果", "原因"], told)
    return 0 if all(post.delivered for post in posts) else 3


@alerts.command
def settle(*, reason: str, apply: bool = False, json: bool = False, places: Places | None = None) -> int:
    """恢复备份之后：列出备份时待发的消息；--apply 按已发出处理，不再发送。

    Parameters
    ----------
    reason
        为什么，例如“恢复 11 月 23 日 03:00 的备份”
    apply
        真的处理；不写则只列出
    json
        输出一份 JSON
    """
    from citysync.storage.audit import os_user
    from flows.alerting import settle as settled

    rows = settled((places or Places()).settings(), reason, os_user(), now(), carry_out=apply)
    if json:
        print_json({"schema_version": 1, "applied": apply, "waiting": rows})
        return 0
    told = [[row["channel"], row["alert_id"], row["city_code"] or "省平台", row["title"]] for row in rows]
    print_rows(console(), ["渠道", "编号", "城市", "内容"], told)
    console().print(
        f"{len(rows)} 条{'已按发出处理，请向收件人核实' if apply else '待发；加 --apply 按已发出处理，不再发送'}"
    )
    return 0
