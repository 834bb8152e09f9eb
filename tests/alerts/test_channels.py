"""Each channel believes the body's own code and nothing else, signs as the real robots check, and hides its secrets."""

from __future__ import annotations

import email
import email.policy
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import pytest

from citysync.alerts.channels import Attachment, channel_module, kinds
from citysync.alerts.channels.email import letter
from citysync.alerts.digest import Message
from citysync.domain.alert import Change, Entry
from citysync.domain.channel import Channel
from citysync.domain.errors import DeliveryError
from tests.alerts import robots
from tests.alerts.robots import SIGN, Answer, Robot, Verify, a_robot

NOW = datetime(2026, 11, 24, 1, 30, tzinfo=UTC)
ENTRY = Entry("x", "CS-C-440300-20261123", Change.OPENED, "run-1", "440300", "【未同步】深圳市", "原因：超时", NOW)
MESSAGE = Message(ENTRY.title, ENTRY.text, (ENTRY,))
SECRETS = {"WECOM": "key-1", "DING": "token-1", "LARK": "token-2", "SIGN": SIGN, "HOOK": "bearer-1"}
KEYS = {"wecom": "WECOM", "dingtalk": "DING", "feishu": "LARK", "webhook": "HOOK"}
REFUSALS = [
    ("wecom", robots.wecom, {"errcode": 45009, "errmsg": "api freq out of limit"}, False),
    ("wecom", robots.wecom, {"errcode": 93000, "errmsg": "invalid webhook url"}, True),
    ("dingtalk", robots.dingtalk, {"errcode": 130101, "errmsg": "send too fast"}, False),
    ("dingtalk", robots.dingtalk, {"errcode": 310000, "errmsg": "keywords not in content"}, True),
    ("feishu", robots.feishu, {"code": 11232, "msg": "frequency limited"}, False),
    ("feishu", robots.feishu, {"code": 19024, "msg": "Key Words Not Found"}, True),
    ("feishu", robots.feishu, {"unknown": 1}, False),
    ("wecom", robots.wecom, {"errcode": None}, False),
    ("wecom", robots.wecom, {"errcode": False}, False),
]


def a_channel(kind: str, url: str, **changes: Any) -> Channel:
    sign = None if kind == "wecom" else "SIGN"
    given = {"name": "duty", "kind": kind, "owner": "王工", "roles": ("digest",), "url": url, "sign_secret": sign}
    return Channel(**{**given, "secret": KEYS.get(kind), **changes})


def send(channel: Channel, message: Message = MESSAGE, secrets: dict[str, str] | None = None) -> None:
    channel_module(channel.kind).send(message, channel, SECRETS if secrets is None else secrets, NOW, ())


@pytest.mark.parametrize(
    ("kind", "verify"),
    [
        ("wecom", robots.wecom),
        ("dingtalk", robots.dingtalk),
        ("feishu", robots.feishu),
        ("webhook", robots.webhook),
    ],
)
def test_a_message_that_is_signed_right_is_taken(kind: str, verify: Verify) -> None:
    with a_robot(verify) as robot:
        send(a_channel(kind, robot.url))
    [taken] = robot.taken
    assert "【未同步】深圳市" in str(taken)


@pytest.mark.parametrize(
    ("kind", "verify"), [("dingtalk", robots.dingtalk), ("feishu", robots.feishu), ("webhook", robots.webhook)]
)
def test_a_wrong_signature_is_refused_and_counts_as_refused(kind: str, verify: Verify) -> None:
    with a_robot(verify) as robot, pytest.raises(DeliveryError) as caught:
        send(a_channel(kind, robot.url), secrets={**SECRETS, "SIGN": "another"})
    assert (robot.taken, caught.value.permanent) == ([], True)


@pytest.mark.parametrize(("kind", "verify", "said", "permanent"), REFUSALS)
def test_http_200_with_a_code_of_refusal_is_not_sent(
    kind: str,
    verify: Verify,
    said: dict[str, Any],
    permanent: bool,  # noqa: FBT001 - the expectation
) -> None:
    with a_robot(verify, (200, said)) as robot, pytest.raises(DeliveryError) as caught:
        send(a_channel(kind, robot.url))
    assert caught.value.permanent is permanent
    assert not any(secret in str(caught.value) for secret in SECRETS.values())


@pytest.mark.parametrize("answer", [(500, {"errcode": 0}), (302, {"errcode": 0}), (429, {"errcode": 0})])
def test_a_code_of_0_without_http_200_is_not_sent_either(answer: Answer) -> None:
    with a_robot(robots.wecom, answer) as robot, pytest.raises(DeliveryError) as caught:
        send(a_channel("wecom", robot.url))
    assert not caught.value.permanent
    assert len(robot.asked) == 1, "a redirect is never followed"


@pytest.mark.parametrize("kind", sorted(KEYS))
def test_a_robot_that_is_not_there_is_told_without_its_key(kind: str) -> None:
    with pytest.raises(DeliveryError, match="连接不上对方") as caught:
        send(a_channel(kind, "http://127.0.0.1:1/hook"))
    assert not any(secret in str(caught.value) for secret in SECRETS.values())


@pytest.mark.parametrize("kind", ["dingtalk", "feishu", "wecom"])
def test_a_channel_without_its_secret_names_the_secret(kind: str) -> None:
    with pytest.raises(DeliveryError, match=KEYS[kind]) as caught:
        send(a_channel(kind, "http://127.0.0.1:1"), secrets={})
    assert caught.value.permanent


def test_a_webhook_gets_the_numbers_and_the_same_key_for_a_repeat() -> None:
    with a_robot(robots.webhook) as robot:
        for _ in range(2):
            send(a_channel("webhook", robot.url))
    keys = {headers["idempotency-key"] for _, headers in robot.asked}
    assert len(keys) == 1
    assert robot.taken[0]["alerts"][0]["id"] == "CS-C-440300-20261123"


class _Mail(socketserver.StreamRequestHandler):
    """A small SMTP server: takes one letter, or refuses the recipients named ``nobody``."""

    def handle(self) -> None:
        self._say("220 ready")
        while line := self.rfile.readline().decode().strip():
            verb = line.split(" ")[0].upper()
            if verb == "DATA":
                self._take()
            elif verb == "QUIT":
                self._say("221 bye")
                return
            else:
                self._say("550 no such user" if "nobody" in line else "250 ok")

    def _take(self) -> None:
        self._say("354 go")
        lines = []
        while (line := self.rfile.readline()) != b".\r\n":
            lines.append(line.removeprefix(b"."))
        self.server.letters.append(b"".join(lines))  # type: ignore[attr-defined]
        self._say("250 taken")

    def _say(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())


@contextmanager
def a_mail_server() -> Iterator[tuple[str, list[bytes]]]:
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Mail) as server:
        server.letters = []  # type: ignore[attr-defined]
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        yield f"smtp://127.0.0.1:{server.server_address[1]}", server.letters  # type: ignore[attr-defined]
        server.shutdown()
        thread.join()


def test_a_mail_has_text_html_and_the_receipt() -> None:
    with a_mail_server() as (url, letters):
        channel = a_channel(
            "email", url, secret=None, sign_secret=None, to=("a@x.example", "b@x.example"), sender="c@x.example"
        )
        book = Attachment("440300_深圳市.xlsx", b"PK")
        channel_module("email").send(MESSAGE, channel, {}, NOW, [book])
    [raw] = letters
    mail: Any = email.message_from_bytes(raw, policy=email.policy.default)
    assert mail["Subject"] == "【未同步】深圳市"
    assert "原因：超时" in mail.get_body(("plain",)).get_content()
    assert [part.get_filename() for part in mail.iter_attachments()] == ["440300_深圳市.xlsx"]


def test_a_mail_that_one_recipient_cannot_get_is_not_sent() -> None:
    with a_mail_server() as (url, _):
        channel = a_channel("email", url, secret=None, sign_secret=None, to=("a@x.example", "nobody@x.example"))
        with pytest.raises(DeliveryError, match="1/2 个收件人"):
            channel_module("email").send(MESSAGE, channel, {}, NOW, [])


def test_nothing_a_city_sent_becomes_markup_or_a_header() -> None:
    hostile = Message("标题\r\nBcc: evil@x.example", "<script>alert(1)</script>\n<b>", ())
    mail: Any = letter(hostile, a_channel("email", "smtp://x", to=("a@x.example",)), NOW, [])
    assert mail["Bcc"] is None
    html = mail.get_body(("html",)).get_content()
    assert "<script>" not in html
    assert "&lt;script&gt;" in html


def test_a_receipt_too_large_for_a_mail_is_left_out() -> None:
    large = Attachment("big.xlsx", b"x" * (5 * 1024 * 1024 + 1))
    mail: Any = letter(MESSAGE, a_channel("email", "smtp://x", to=("a@x.example",)), NOW, [large])
    assert list(mail.iter_attachments()) == []


def test_the_log_takes_everything(caplog: pytest.LogCaptureFixture) -> None:
    send(a_channel("log", "", secret=None, sign_secret=None))
    assert "【未同步】深圳市" in caplog.text


def test_every_file_of_the_room_is_a_channel() -> None:
    assert kinds() == ("apprise", "dingtalk", "email", "feishu", "log", "webhook", "wecom")
    for kind in kinds():
        module = channel_module(kind)
        assert module.LIMIT >= 2048
        assert module.PER_MINUTE >= 1
        assert callable(module.send)


__all__ = ["Robot"]
