"""A test message to one channel, marked as one; what came of it is kept where ``doctor`` looks."""

from __future__ import annotations

from datetime import datetime

from citysync.alerts.channels import channel_module, kinds, missing
from citysync.alerts.digest import Message
from citysync.config.channels import load_channels
from citysync.config.settings import Settings
from citysync.domain.errors import ConfigError, DeliveryError
from citysync.storage import mailbox
from flows.alerting import secrets_of
from flows.ledger_at import writable_ledger


def send_test(settings: Settings, name: str, now: datetime) -> str | None:
    """Send a test message; return None if it was taken, else why not. Raises ConfigError for a channel nobody knows."""
    channels = load_channels(settings.cities_dir, kinds())
    channel = next((each for each in channels.channel if each.name == name), None)
    if channel is None:
        known = "、".join(each.name for each in channels.channel) or "（无）"
        raise ConfigError(f"没有名为 {name} 的渠道；有：{known}")
    if (lacking := missing(channel.kind)) is not None:
        raise ConfigError(f"渠道 {name}：{lacking}")
    text = f"【测试】citysync 渠道 {name}\n收到即正常，无需处理。负责人：{channel.owner}；联系：{channels.contact}"
    error = None
    try:
        message = Message(text.partition("\n")[0], text, ())
        channel_module(channel.kind).send(message, channel, secrets_of(settings, channel), now, ())
    except DeliveryError as caught:
        error = str(caught)
    with writable_ledger(settings) as store:
        mailbox.posted(store, name, now, len(text.encode()), 0, delivered=error is None, error=error)
    return error
