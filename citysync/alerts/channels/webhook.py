"""A signed JSON webhook, for ticket systems and SMS gateways: the numbers of the alerts are the key for repeats."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from datetime import datetime

from citysync.alerts.channels import Attachment
from citysync.alerts.channels._robot import secret_of
from citysync.alerts.digest import Message
from citysync.domain.channel import Channel
from citysync.domain.errors import DeliveryError
from citysync.domain.showing import in_json
from citysync.posting import authorization, post

LIMIT, PER_MINUTE = 65_536, 20


def send(
    message: Message,
    channel: Channel,
    secrets: Mapping[str, str],
    now: datetime,
    attachments: Sequence[Attachment] = (),
) -> None:
    """Post a document; the signature is HMAC-SHA256 over time and body. Raises ``DeliveryError``."""
    del attachments
    if channel.url is None:
        raise DeliveryError(f"渠道 {channel.name} 没有 url", permanent=True)
    body = in_json(json.dumps(_document(message), ensure_ascii=False)).encode()
    stamp = str(int(now.timestamp()))
    headers = {"Content-Type": "application/json; charset=utf-8", "Idempotency-Key": _key(message)}
    if channel.secret is not None:
        headers |= authorization("bearer", secret_of(channel, secrets, channel.secret, "令牌"))
    if channel.sign_secret is not None:
        key = secret_of(channel, secrets, channel.sign_secret, "签名密钥")
        signature = hmac.new(key.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
        headers |= {"X-Citysync-Timestamp": stamp, "X-Citysync-Signature": f"sha256={signature}"}
    answer = post(channel.url, body, headers)
    if not answer.taken:
        said = answer.error or f"HTTP {answer.status}"
        raise DeliveryError(
            f"渠道 {channel.name}：{said}；请核对地址与凭据", permanent=answer.status in {400, 401, 403, 404}
        )


def _document(message: Message) -> dict[str, object]:
    alerts = [
        {
            "id": each.alert_id,
            "change": each.change.value,
            "city": each.city_code,
            "run_id": each.run_id,
            "text": each.text,
        }
        for each in message.entries
    ]
    return {"schema_version": 1, "title": message.title, "text": message.text, "alerts": alerts}


def _key(message: Message) -> str:
    told = "|".join(f"{each.alert_id} {each.change} {each.run_id}" for each in message.entries) or message.text
    return hashlib.sha256(told.encode()).hexdigest()
