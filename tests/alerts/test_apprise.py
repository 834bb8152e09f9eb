"""Apprise as a channel: believed only when it says yes, its address shown to nobody, and not needed by anybody else."""

from __future__ import annotations

import logging
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from citysync.alerts.channels import channel_module, missing
from citysync.alerts.digest import Message
from citysync.config.logs import hide, redacted
from citysync.config.settings import Settings
from citysync.domain.channel import Channel
from citysync.domain.errors import ConfigError, DeliveryError
from flows.alert_test import send_test
from tests.alerts.robots import Answer, a_robot
from tests.doctor.alerted import as_written
from tests.doctor.test_checks import of

pytestmark = pytest.mark.filterwarnings("ignore:.*imghdr.*:DeprecationWarning")  # the library's, before Python 3.13
NOW = datetime(2026, 11, 24, 1, 30, tzinfo=UTC)
TEXT = "【未同步】深圳市\n原因：*超时* \\n <b>"
CANARY = "canary-5f3a"
CHANNEL = Channel(name="other", kind="apprise", owner="王工", roles=("digest",), secret="OTHER")  # noqa: S106 - a name


def takes(path: str, headers: dict[str, str], _body: bytes) -> Answer:
    """Take what comes with the right credentials."""
    known = path.endswith(f"/{CANARY}") and headers.get("authorization", "").startswith("Basic ")
    return (200, {"code": 0}) if known else (401, {"code": 1})


def send(url: str) -> None:
    channel_module("apprise").send(Message("x", TEXT, ()), CHANNEL, {"OTHER": url}, NOW, ())


def address(url: str, token: str = CANARY) -> str:
    return url.replace("http://", f"json://citysync:{CANARY}@").replace("/hook", f"/{token}")


def test_a_message_is_taken_as_it_is() -> None:
    with a_robot(takes) as robot:
        send(address(robot.url))
    assert [taken["message"] for taken in robot.taken] == [TEXT]


@pytest.mark.parametrize("answer", [(401, {}), (429, {}), (500, {}), (302, {})])
def test_what_is_refused_is_not_sent(
    answer: Answer, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    with (
        caplog.at_level(logging.DEBUG, logger="apprise"),
        a_robot(takes, answer) as robot,
        pytest.raises(DeliveryError) as caught,
    ):
        send(address(robot.url))
    assert (caught.value.permanent, len(robot.asked)) == (False, 1)
    said = capfd.readouterr()
    assert CANARY not in str(caught.value) + said.out + said.err
    heard = "\n".join(record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING)
    assert CANARY not in heard


@pytest.mark.parametrize("url", ["json://127.0.0.1:1/canary-5f3a", "nosuch://canary-5f3a", "canary-5f3a"])
def test_an_address_that_leads_nowhere_is_told_by_the_name_of_its_secret(
    url: str, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(DeliveryError, match="other") as caught:
        send(url)
    assert CANARY not in str(caught.value)
    assert caught.value.__cause__ is None
    hide(url)  # as looking the secret up does
    assert CANARY not in redacted(caplog.text)


FILE = '[[channel]]\nname = "other"\nkind = "apprise"\nowner = "王工"\nroles = ["digest"]\nsecret = "OTHER"\n'


def test_without_the_library_doctor_and_a_test_say_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("citysync.alerts.channels.find_spec", lambda _name: None)
    assert missing("log") is None
    results = as_written(FILE)(tmp_path)
    assert (of("alerts.channels", results).outcome, "citysync[apprise]" in repr(results)) == ("fail", True)
    settings = Settings(data_dir=tmp_path / "data", cities_dir=tmp_path / "cities")
    with pytest.raises(ConfigError, match=r"citysync\[apprise\]"):
        send_test(settings, "other", NOW)
    with pytest.raises(DeliveryError) as caught:
        send("json://127.0.0.1/")
    assert caught.value.permanent, "its fallback takes over at once"


def test_the_library_is_imported_by_nobody_but_a_channel_that_sends() -> None:
    channel_module("apprise")
    source = Path(str(channel_module("apprise").__file__)).read_text(encoding="utf-8")
    assert "\nimport apprise" not in source
    assert "\nfrom apprise" not in source
    assert sys.modules["citysync.alerts.channels.apprise"].REQUIRES == "apprise"
