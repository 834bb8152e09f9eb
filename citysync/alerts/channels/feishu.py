"""飞书群机器人, signed in the body with seconds: 100 messages a minute, 5 a second, 20 KB each."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from datetime import datetime

from citysync.alerts.channels import Attachment
from citysync.alerts.channels._robot import deliver, secret_of
from citysync.alerts.digest import Message
from citysync.domain.channel import Channel

LIMIT, PER_MINUTE = 8192, 20
URL = "https://open.feishu.cn/open-apis/bot/v2/hook"
_NEVER = (19021, 19022, 19024, 19001)  # signature, address, keyword, token


def send(
    message: Message,
    channel: Channel,
    secrets: Mapping[str, str],
    now: datetime,
    attachments: Sequence[Attachment] = (),
) -> None:
    """Send a text; raises ``DeliveryError``."""
    del attachments
    token = secret_of(channel, secrets, channel.secret, "机器人 token")
    text = message.text.replace("<", "＜")  # <at user_id="all"> would call everybody, whoever sent it
    document: dict[str, object] = {"msg_type": "text", "content": {"text": text}}
    if channel.sign_secret is not None:
        document |= _signed(secret_of(channel, secrets, channel.sign_secret, "签名密钥"), now)
    deliver(f"{channel.url or URL}/{token}", document, channel, ("code", "StatusCode"), _NEVER)


def _signed(secret: str, now: datetime) -> dict[str, str]:
    """Return timestamp and signature: HMAC-SHA256 keyed with seconds, line end and secret, over nothing."""
    stamp = str(int(now.timestamp()))
    digest = hmac.new(f"{stamp}\n{secret}".encode(), b"", hashlib.sha256).digest()
    return {"timestamp": stamp, "sign": base64.b64encode(digest).decode()}
