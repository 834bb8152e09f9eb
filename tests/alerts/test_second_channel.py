"""What one robot refuses, limits or never answers, the second tells: nothing is lost, nothing counts as sent twice."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from citysync.domain.alert import Told
from citysync.domain.channel import Channel, Channels
from citysync.domain.verdict import State
from citysync.storage import alerting, mailbox
from citysync.storage.schema import open_store
from tests.alerts import robots
from tests.alerts.months import Month
from tests.alerts.robots import SIGN, Answer, Robot, Verify, a_robot

CITY = "440300"
SECRETS = {"KEY": "key-1", "DING": "token-1", "LARK": "token-2", "SIGN": SIGN, "WRONG": "another"}
VERIFIES: dict[str, tuple[Verify, str]] = {
    "wecom": (robots.wecom, "KEY"),
    "dingtalk": (robots.dingtalk, "DING"),
    "feishu": (robots.feishu, "LARK"),
}
LIMITS = {"wecom": {"errcode": 45009}, "dingtalk": {"errcode": 130101}, "feishu": {"code": 11232}}
FINAL = {"wecom": {"errcode": 93000}, "dingtalk": {"errcode": 310000}, "feishu": {"code": 19024}}


@pytest.fixture(autouse=True)
def known(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)


def first(kind: str, url: str, **changes: Any) -> Channel:
    sign = None if kind == "wecom" else "SIGN"
    given = {"name": "first", "kind": kind, "owner": "王工", "roles": ("digest",), "url": url, "fallback": "second"}
    return Channel(**{**given, "secret": VERIFIES[kind][1], "sign_secret": sign, **changes})


def told(folder: Path, channel: Channel, minutes: tuple[int, ...]) -> tuple[Robot, list[dict[str, Any]], list[Told]]:
    """Live a night whose message is tried at these minutes after half past eight; return what became of it."""
    with open_store(f"sqlite:///{folder / 'ledger.db'}", write=True) as store, a_robot(robots.wecom) as other:
        second = Channel(name="second", kind="wecom", owner="值班", roles=("leaders",), url=other.url, secret="KEY")  # noqa: S106
        month = Month(store, folder, Channels(channel=(channel, second)))
        month.night({CITY: State.NOT_SYNCED})
        for minute in minutes:
            month.at(8, 30 + minute)
        month.at(9, 30)  # nothing is left to be told
        rows = sorted(mailbox.mailed(store), key=lambda row: int(row["seq"]))
        return other, rows, [alert.told for alert in alerting.open_alerts(store)]


def agreed(other: Robot, rows: list[dict[str, Any]], alerts: list[Told]) -> None:
    refused, handed_on = rows
    assert (refused["channel"], refused["sent_at"], refused["dead"], refused["via"]) == ("first", None, True, "second")
    assert (handed_on["channel"], handed_on["dead"], handed_on["sent_at"] is None) == ("second", False, False)
    assert len(other.taken) == 1
    assert "【未同步】市440300" in other.taken[0]["text"]["content"]
    assert "渠道 first 未能送达，由本渠道转告" in other.taken[0]["text"]["content"]
    assert alerts == [Told.SENT]


@pytest.mark.parametrize("kind", VERIFIES)
def test_a_final_refusal_is_handed_on_at_once(kind: str, tmp_path: Path) -> None:
    with a_robot(VERIFIES[kind][0], (200, FINAL[kind])) as robot:
        agreed(*told(tmp_path, first(kind, robot.url), (0,)))
        assert (robot.taken, len(robot.asked)) == ([], 1)


@pytest.mark.parametrize("kind", ["dingtalk", "feishu"])
def test_a_signature_that_is_refused_is_handed_on_at_once(kind: str, tmp_path: Path) -> None:
    with a_robot(VERIFIES[kind][0]) as robot:
        agreed(*told(tmp_path, first(kind, robot.url, sign_secret="WRONG"), (0,)))  # noqa: S106
        assert (robot.taken, len(robot.asked)) == ([], 1)


@pytest.mark.parametrize("kind", VERIFIES)
@pytest.mark.parametrize("answer", [None, (500, {}), (429, {})], ids=["limit", "500", "429"])
def test_a_limit_or_a_failure_is_tried_again_once_and_then_handed_on(
    kind: str, answer: Answer | None, tmp_path: Path
) -> None:
    said = answer or (200, LIMITS[kind])
    with a_robot(VERIFIES[kind][0], said, said) as robot:
        agreed(*told(tmp_path, first(kind, robot.url), (0, 1)))
        assert (robot.taken, len(robot.asked)) == ([], 2)


@contextmanager
def a_robot_that_never_answers() -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as server:  # the system takes the connection; nobody reads
        yield f"http://127.0.0.1:{server.getsockname()[1]}/hook"


@pytest.mark.parametrize("kind", VERIFIES)
def test_a_robot_that_never_answers_is_given_up_in_time_and_the_other_told(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("citysync.posting.READ_SECONDS", 0.05)
    with a_robot_that_never_answers() as url:
        other, rows, alerts = told(tmp_path, first(kind, url), (0, 1))
    agreed(other, rows, alerts)
    assert "没有按时应答" in rows[0]["error"]
