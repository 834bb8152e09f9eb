"""钉钉群机器人, signed: above 20 messages a minute it is silenced for ten; errors come with HTTP 200."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from datetime import datetime
from urllib.parse import quote_plus

from citysync.alerts.channels import Attachment
from citysync.alerts.channels._robot import deliver, secret_of
from citysync.alerts.digest import Message
from citysync.domain.channel import Channel

LIMIT, PER_MINUTE = 4096, 20
URL = "https://oapi.dingtalk.com/robot/send"
_NEVER = (310000, 300001, 40035)  # keyword, signature or address refused; token wrong; a parameter lacking


def send(
    message: Message,
    channel: Channel,
    secrets: Mapping[str, str],
    now: datetime,
    attachments: Sequence[Attachment] = (),
) -> None:
    """Send a text; raises ``DeliveryError``."""
    del attachments
    token = secret_of(channel, secrets, channel.secret, "机器人 access_token")
    signed = (
        ""
        if channel.sign_secret is None
        else _signed(secret_of(channel, secrets, channel.sign_secret, "加签密钥"), now)
    )
    document = {
        "msgtype": "text",
        "text": {"content": message.text},
        "at": {"atMobiles": list(channel.mentions), "isAtAll": False},
    }
    deliver(f"{channel.url or URL}?access_token={token}{signed}", document, channel, ("errcode",), _NEVER)


def _signed(secret: str, now: datetime) -> str:
    """Return timestamp and signature: HMAC-SHA256 keyed with the secret over milliseconds, line end, secret."""
    stamp = int(now.timestamp() * 1000)
    digest = hmac.new(secret.encode(), f"{stamp}\n{secret}".encode(), hashlib.sha256).digest()
    return f"&timestamp={stamp}&sign={quote_plus(base64.b64encode(digest))}"
