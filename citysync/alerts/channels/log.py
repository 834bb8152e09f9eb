"""The log: every message as lines of the program's own log; never refused."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime

from citysync.alerts.channels import Attachment
from citysync.alerts.digest import Message
from citysync.domain.channel import Channel

LIMIT, PER_MINUTE = 65_536, 1000
_LOG = logging.getLogger("citysync.alerts")


def send(
    message: Message,
    channel: Channel,
    secrets: Mapping[str, str],
    now: datetime,
    attachments: Sequence[Attachment] = (),
) -> None:
    """Write a message down."""
    del secrets, now, attachments
    for line in message.text.splitlines():
        _LOG.warning("%s %s", channel.name, line)
