"""企业微信群机器人, and 政务微信 by another host: markdown up to 4,096 bytes, 20 messages a minute."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from citysync.alerts.channels import Attachment
from citysync.alerts.channels._robot import deliver, secret_of
from citysync.alerts.digest import Message
from citysync.domain.channel import Channel

LIMIT, PER_MINUTE = 2048, 20
URL = "https://qyapi.weixin.qq.com/cgi-bin/webhook/send"
_NEVER = (93000, 93008, 40008)  # wrong key, robot removed, message type


def send(
    message: Message,
    channel: Channel,
    secrets: Mapping[str, str],
    now: datetime,
    attachments: Sequence[Attachment] = (),
) -> None:
    """Send a text, so that phones in ``mentions`` can be called; raises ``DeliveryError``."""
    del now, attachments
    key = secret_of(channel, secrets, channel.secret, "机器人 key")
    text = {"content": message.text, "mentioned_mobile_list": list(channel.mentions)}
    deliver(f"{channel.url or URL}?key={key}", {"msgtype": "text", "text": text}, channel, ("errcode",), _NEVER)
