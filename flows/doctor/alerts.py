"""Alerts: do they reach somebody who answers for them, by channels that take them, with a way out when one does not."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from citysync.alerts.audience import ESCALATED_TO
from citysync.alerts.channels import kinds, missing
from citysync.alerts.watch import Limits
from citysync.config.channels import FILE, load_channels
from citysync.config.settings import Settings
from citysync.domain.channel import Channel
from citysync.domain.errors import ConfigError
from citysync.storage import mailbox
from flows.doctor.ledger import Ledger
from flows.doctor.outcome import Said, failed, passed, skipped, warned

GUIDE = "写法见 docs/alerts.md"
NEVER_REFUSES = "log"
_NOBODY = skipped(f"没有可用的 {FILE}")


@dataclass(frozen=True)
class Alerting:
    """The channels as written: ``channels`` is None where there is no file or it is refused with that text."""

    settings: Settings
    ledger: Ledger
    channels: tuple[Channel, ...] | None
    refused: str | None


def read(settings: Settings, ledger: Ledger) -> Alerting:
    """Return the channels of the folder of city files."""
    if not (settings.cities_dir / FILE).is_file():
        return Alerting(settings, ledger, None, None)
    try:
        return Alerting(settings, ledger, load_channels(settings.cities_dir, kinds()).channel, None)
    except ConfigError as error:
        return Alerting(settings, ledger, None, str(error))


def channels_right(alerting: Alerting) -> Said:
    """Is there a file of channels, and is every key in it right?"""
    if alerting.refused is not None:
        return failed(alerting.refused, f"按提示改正；{GUIDE}")
    if not alerting.channels:
        return warned(f"没有 {FILE}，或其中没有渠道", f"没有人会收到告警；请新建，{GUIDE}")
    lacking = [f"{each.name}：{text}" for each in alerting.channels if (text := missing(each.kind)) is not None]
    if lacking:
        return failed("；".join(lacking), "安装后再试 citysync alerts test CHANNEL；在此之前由备用渠道转告")
    return passed(f"{len(alerting.channels)} 个渠道")


def owned(alerting: Alerting) -> Said:
    """Has every channel an owner, even in a file that is refused for it?"""
    ownerless = list(_ownerless(alerting))
    if ownerless:
        return failed(
            f"没有负责人的渠道：{'、'.join(ownerless)}", '请写 owner = "姓名或岗位"：没有人负责的告警等于没有'
        )
    return _NOBODY if not alerting.channels else passed("每个渠道都有负责人")


def reach(alerting: Alerting) -> Said:
    """Has every alert somebody to go to: the cities' ones, our own failures, and what is escalated?"""
    if not alerting.channels:
        return _NOBODY
    roles = {role for channel in alerting.channels for role in channel.roles}
    lacking = [role for role in ("digest", "duty") if role not in roles]
    if lacking:
        return failed(
            f"没有渠道承担 roles = {'、'.join(lacking)}", "digest 收各市告警，duty 收省平台自己的故障；请各指定一个"
        )
    lacking = [role for role in ESCALATED_TO.values() if role not in roles]
    if lacking:
        return warned(f"没有渠道承担 roles = {'、'.join(lacking)}", "拖延的告警升级后无人另行收到；请指定")
    return passed("各市告警、自身故障和升级都有渠道")


def secrets_there(alerting: Alerting) -> Said:
    """Is every channel's secret there, and can only we read it?"""
    if not alerting.channels:
        return _NOBODY
    found = alerting.settings.secrets()
    named = [(each.name, name) for each in alerting.channels for name in (each.secret, each.sign_secret) if name]
    wrong = [f"{channel} 的 {name}：{why}；{remedy}" for channel, name in named for why, remedy in found.faults(name)]
    if wrong:
        return failed("\n".join(wrong), "按每一行末尾的提示设置")
    return passed(f"{len(named)} 个密钥都在，且别人读不到")


def fallbacks(alerting: Alerting) -> Said:
    """Has every channel another one that takes over, other than itself under a second name?"""
    if not alerting.channels:
        return _NOBODY
    by_name = {channel.name: channel for channel in alerting.channels}
    alone = [each for each in alerting.channels if each.kind != NEVER_REFUSES and not _other(each, by_name)]
    shared = [each.name for each in alone if each.roles]
    if shared:
        return failed(f"没有备用渠道：{'、'.join(shared)}", "请写 fallback，指向另一个渠道：一个渠道拒收时由它转告")
    if alone:
        names = "、".join(each.name for each in alone)
        return warned(f"没有备用渠道：{names}", "请写 fallback；在此之前该市收不到时，只有全省的汇总里有")
    return passed("每个渠道都有备用渠道")


def tested(alerting: Alerting) -> Said:
    """Did every channel take what it was last sent, and was it ever sent anything?"""
    store = alerting.ledger.store
    if not alerting.channels or store is None:
        return _NOBODY if not alerting.channels else skipped("台账尚未建立，没有发送记录")
    last = mailbox.last_posts(store)
    refused = [
        f"{name}（{_minute(post['attempted_at'])} UTC）：{post['error']}"
        for name in (channel.name for channel in alerting.channels)
        if (post := last.get(name)) is not None and not post["delivered"]
    ]
    if refused:
        return failed(
            f"最近一次发送被拒收：{'；'.join(refused)}", "按拒收原因改正，再运行 citysync alerts test CHANNEL"
        )
    never = [channel.name for channel in alerting.channels if channel.name not in last]
    if never:
        return warned(f"从未发送过：{'、'.join(never)}", "请运行 citysync alerts test CHANNEL，对方收下才算可用")
    return passed("每个渠道最近一次都收下了")


def waiting(alerting: Alerting) -> Said:
    """Does nothing wait in the mailbox for longer than it should?"""
    store, now = alerting.ledger.store, alerting.ledger.now
    if store is None:
        return skipped("台账尚未建立")
    since = mailbox.waiting_since(store)
    if since is not None and now - since > Limits().mail_age:
        text = f"最早的一条自 {_minute(since)}（UTC）起未能送出"
        return failed(text, "请运行 citysync alerts send 看原因；并确认有定时器在调用它")
    return passed("没有积压的告警")


def undelivered(alerting: Alerting) -> Said:
    """Was nothing given up that no other channel told?"""
    store, now = alerting.ledger.store, alerting.ledger.now
    if store is None:
        return skipped("台账尚未建立")
    lost = mailbox.given_up(store, now - mailbox.REMEMBERED)
    if lost:
        numbers = "、".join(sorted({str(row["alert_id"]) for row in lost})[:5])
        text = f"近 {mailbox.REMEMBERED.days} 天有 {len(lost)} 条最终没有送达：{numbers}；{lost[0]['error']}"
        return warned(text, "请人工告知收件人；改正渠道，并给它写 fallback")
    return passed(f"近 {mailbox.REMEMBERED.days} 天没有丢弃的告警")


def _ownerless(alerting: Alerting) -> Iterator[str]:
    """Yield the channels nobody owns; the file is read as it stands, since it is refused for just that."""
    path = alerting.settings.cities_dir / FILE
    try:
        written = tomllib.loads(path.read_text(encoding="utf-8")).get("channel", []) if path.is_file() else []
    except (tomllib.TOMLDecodeError, UnicodeDecodeError):
        return  # the check of the file says so
    for place, each in enumerate(written, start=1):
        if isinstance(each, dict) and not str(each.get("owner") or "").strip():
            yield str(each.get("name") or f"第 {place} 个")


def _other(channel: Channel, by_name: dict[str, Channel]) -> bool:
    """Return whether a channel's fallback leads elsewhere: another address, account or key."""
    there = by_name.get(channel.fallback or "")
    return there is not None and _address(there) != _address(channel)


def _address(channel: Channel) -> tuple[object, ...]:
    return channel.kind, channel.url, channel.secret, channel.to


def _minute(moment: datetime) -> str:
    return f"{moment:%m-%d %H:%M}"
