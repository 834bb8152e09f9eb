"""E-mail by SMTP: text and HTML, the receipt attached where it is small enough."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Mapping, Sequence
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid
from html import escape
from urllib.parse import urlsplit

from citysync.alerts.channels import Attachment
from citysync.alerts.channels._robot import secret_of
from citysync.alerts.digest import Message
from citysync.domain.channel import Channel
from citysync.domain.errors import DeliveryError

LIMIT, PER_MINUTE = 1_000_000, 20
MOST_ATTACHED = 5 * 1024 * 1024
SECONDS = 30.0
_PERMANENT = 5  # SMTP codes 5xx
_PORTS = {"smtp": 25, "smtps": 465, "smtp+starttls": 587}
_XLSX = ("application", "vnd.openxmlformats-officedocument.spreadsheetml.sheet")


def send(
    message: Message,
    channel: Channel,
    secrets: Mapping[str, str],
    now: datetime,
    attachments: Sequence[Attachment] = (),
) -> None:
    """Send a mail to everybody in ``to``; raises ``DeliveryError`` unless every one of them was taken."""
    mail = letter(message, channel, now, attachments)
    try:
        with _connected(channel) as server:
            if channel.user is not None:
                server.login(channel.user, secret_of(channel, secrets, channel.secret, "邮箱密码"))
            refused = server.send_message(mail)
    except smtplib.SMTPAuthenticationError:
        raise DeliveryError(f"渠道 {channel.name}：邮箱账号或密码被拒绝；请核对", permanent=True) from None
    except (smtplib.SMTPException, OSError) as error:
        code = getattr(error, "smtp_code", 0)
        raise DeliveryError(
            f"渠道 {channel.name}：邮件没有送出（{type(error).__name__} {code or ''}）；稍后重试",
            permanent=code // 100 == _PERMANENT,
        ) from None  # the server's words may quote addresses
    if refused:
        raise DeliveryError(f"渠道 {channel.name}：{len(refused)}/{len(channel.to)} 个收件人被拒绝", permanent=True)


def letter(message: Message, channel: Channel, now: datetime, attachments: Sequence[Attachment]) -> EmailMessage:
    """Return the mail: what a city sent is escaped in HTML and cannot become a header."""
    mail = EmailMessage()
    mail["Subject"] = " ".join(message.title.split())[:200]
    mail["From"] = channel.sender or channel.user or "citysync@localhost"
    mail["To"] = ", ".join(channel.to)
    mail["Date"] = format_datetime(now)
    mail["Message-ID"] = make_msgid(domain="citysync")
    mail.set_content(message.text)
    paragraphs = "".join(f"<p>{escape(part).replace(chr(10), '<br>')}</p>" for part in message.text.split("\n\n"))
    mail.add_alternative(f'<!DOCTYPE html><html lang="zh-CN"><body>{paragraphs}</body></html>', subtype="html")
    left = MOST_ATTACHED
    for each in attachments:
        left -= len(each.data)
        if left >= 0:
            mail.add_attachment(each.data, maintype=_XLSX[0], subtype=_XLSX[1], filename=each.name)
    return mail


def _connected(channel: Channel) -> smtplib.SMTP:
    parts = urlsplit(channel.url or "smtp://127.0.0.1")
    if parts.scheme not in _PORTS:
        raise DeliveryError(f"渠道 {channel.name}：url 写作 smtp://、smtps:// 或 smtp+starttls://主机", permanent=True)
    host, port = parts.hostname or "127.0.0.1", parts.port or _PORTS[parts.scheme]
    if parts.scheme == "smtps":
        return smtplib.SMTP_SSL(host, port, timeout=SECONDS, context=ssl.create_default_context())
    server = smtplib.SMTP(host, port, timeout=SECONDS)
    if parts.scheme == "smtp+starttls":
        server.starttls(context=ssl.create_default_context())
    return server
