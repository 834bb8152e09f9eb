"""The last way to be heard: the ledger or the disk takes nothing more, so people on duty are told without either."""

from __future__ import annotations

from datetime import datetime

from citysync.alerts.channels import channel_module, kinds
from citysync.alerts.digest import Message
from citysync.config.channels import FILE, load_channels
from citysync.config.settings import Settings
from citysync.domain.channel import Channel, Channels
from citysync.domain.errors import CitySyncError, DeliveryError, StorageError
from citysync.storage.leases import Busy
from citysync.storage.schema import NoLedger
from flows.alerting import secrets_of

TITLE = "【本系统】台账或磁盘写不进去，本次运行没有完成"


def cry_out(settings: Settings, error: CitySyncError, now: datetime) -> list[str]:
    """Tell every channel of the role ``duty`` what our store refused; return what was not taken, for people.

    Nothing is read from or written to the ledger. A city that is busy, or a ledger not yet made, is no failure of the
    store. Raises ConfigError for a channel file that is wrong.
    """
    is_ours = isinstance(error, StorageError) and not isinstance(error, Busy | NoLedger)
    if not is_ours or not (settings.cities_dir / FILE).is_file():
        return []
    channels = load_channels(settings.cities_dir, kinds())
    lines = (
        TITLE,
        str(error),
        f"这一条不经台账发出，没有编号；请 {channels.contact} 立即处理",
        f"{now:%Y-%m-%d %H:%M} UTC",
    )
    message = Message(TITLE, "\n".join(lines), ())
    return [
        told
        for each in channels.channel
        if "duty" in each.roles and (told := _told(each, channels, message, settings, now))
    ]


def _told(channel: Channel, channels: Channels, message: Message, settings: Settings, now: datetime) -> str | None:
    """Send to a channel, or to the one it names for when it is deaf; return why nobody took it, None if one did."""
    spare = next((each for each in channels.channel if each.name == channel.fallback), None)
    said = []
    for each in filter(None, (channel, spare)):
        try:
            channel_module(each.kind).send(message, each, secrets_of(settings, each), now, ())
        except DeliveryError as error:
            said.append(f"{each.name}：{error}")
        else:
            return None
    return f"告警未送达：{'；'.join(said)}"
