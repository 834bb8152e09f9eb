"""Anything else, through the library of that name (``citysync[apprise]``): its address, a secret as a whole, says how.

The library says yes or no and nothing more; a no is tried again, since nobody can tell whether it is final.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from citysync.alerts.channels import Attachment, missing
from citysync.alerts.channels._robot import secret_of
from citysync.alerts.digest import Message
from citysync.domain.channel import Channel
from citysync.domain.errors import DeliveryError

LIMIT, PER_MINUTE = 2048, 20
REQUIRES = "apprise"


def send(
    message: Message,
    channel: Channel,
    secrets: Mapping[str, str],
    now: datetime,
    attachments: Sequence[Attachment] = (),
) -> None:
    """Hand a message to the library and believe its answer; raises ``DeliveryError`` that never shows the address."""
    del now, attachments
    url = secret_of(channel, secrets, channel.secret, "apprise 地址")
    if (lacking := missing(channel.kind)) is not None:
        raise DeliveryError(f"渠道 {channel.name}：{lacking}", permanent=True)
    from apprise import Apprise, AppriseAsset, NotifyFormat  # noqa: PLC0415 - an extra, and slow to import

    asset = AppriseAsset(async_mode=False, secure_logging=True, storage_mode="memory", http_redirects=False)
    service = Apprise(asset=asset)
    if not service.add(url):
        raise DeliveryError(f"渠道 {channel.name}：{channel.secret} 不是 apprise 认识的地址；请核对", permanent=True)
    try:
        taken = service.notify(body=message.text, body_format=NotifyFormat.TEXT, interpret_escapes=False)
    except Exception as error:  # noqa: BLE001 - each service of the library raises what it likes
        raise DeliveryError(f"渠道 {channel.name}：apprise 出错（{type(error).__name__}）", permanent=False) from None
    if taken is not True:
        raise DeliveryError(f"渠道 {channel.name}：apprise 未能送达；请核对地址与凭据", permanent=False)
