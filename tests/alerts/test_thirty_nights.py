"""Thirty nights over Spring Festival: the list of messages is exactly this one, on both databases."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from citysync.domain.channel import Channel, Channels
from citysync.domain.verdict import Fault, State
from citysync.storage import alerting, mailbox, tables
from citysync.storage.engine import Store
from tests.alerts import robots
from tests.alerts.months import CODES, FIRST, Month
from tests.alerts.robots import Robot, a_robot

GOOD, OUT, GONE, HELD, UNKNOWN = State.IN_SYNC, State.OUT_OF_SYNC, State.NOT_SYNCED, State.HELD, State.UNKNOWN
OUTAGE, RESTLESS, DRIFT, GUARDED, SLOW = "440300", "445300", "440900", "440200", "442000"
NEW_MASTER, BAD_MASTER, GRACE_OVER, FAILED = 19, 20, 26, 27  # nights, from 0
STORM = CODES[3:9]
_NUMBER = re.compile(r"CS-[A-Z]-[0-9]{6}-[0-9]{8}(?:-[0-9]+)?")

# Day by day, from 9 February 2026: what the province's robot is told, each piece by its first words and its number.
# 15 to 23 February is Spring Festival: what happens then waits for the morning of the 24th, what came and went in
# between is never told; 14 and 28 February are Saturdays that are worked. On the 28th a new master comes into force:
# nobody is told anything while a city is inside its grace, and 442000 has not followed when it ends. The night after,
# the master cannot be read: nobody is judged, and nothing is told.
EXPECTED: dict[str, list[str]] = {
    "02-10": ["【未同步】市440300 CS-C-440300-20260210"],
    "02-11": ["〔再次提醒〕【未同步】市440300 CS-C-440300-20260210", "【失步】市440900 CS-D-440900-20260211"],
    "02-12": ["〔升级〕【未同步】市440300 CS-C-440300-20260210", "〔再次提醒〕【失步】市440900 CS-D-440900-20260211"],
    "02-13": ["〔再次提醒〕【未同步】市440300 CS-C-440300-20260210", "〔升级〕【失步】市440900 CS-D-440900-20260211"],
    "02-14": ["市440300 CS-C-440300-20260210", "〔再次提醒〕【失步】市440900 CS-D-440900-20260211"],
    "02-24": [
        "【已恢复】市440300 CS-C-440300-20260210",
        "【待确认】市440200 CS-C-440200-20260222",
        "市440900 CS-D-440900-20260211",
    ],
    "02-25": ["【已恢复】市440200 CS-C-440200-20260222", "〔升级〕【失步】市440900 CS-D-440900-20260211"],
    "02-26": ["市440900 CS-D-440900-20260211", "【未同步】市445300 CS-C-445300-20260226"],
    "02-27": ["市440900 CS-D-440900-20260211", "【已恢复】市445300 CS-C-445300-20260226"],
    "02-28": ["市440900 CS-D-440900-20260211", "【反复】市445300 CS-C-445300-20260228"],
    "03-02": ["市440900 CS-D-440900-20260211", "〔再次提醒〕【反复】市445300 CS-C-445300-20260228"],
    "03-03": ["市440900 CS-D-440900-20260211", "〔升级〕【反复】市445300 CS-C-445300-20260228"],
    "03-04": ["市440900 CS-D-440900-20260211", "〔再次提醒〕【反复】市445300 CS-C-445300-20260228"],
    # 440900 is one of the six the province cannot reach: its own alert waits.
    "03-05": ["【疑似出口故障】21 CS-O-000000-20260305", "市445300 CS-C-445300-20260228"],
    "03-06": [
        "【已恢复】疑似出口故障（编号 CS-O-000000-20260305",
        "市440900 CS-D-440900-20260211",
        "〔升级〕【反复】市445300 CS-C-445300-20260228",
    ],
    # A Sunday: our own failure does not wait, and mutes every city.
    "03-08": ["【省平台故障】3月8日（周日） CS-O-000000-20260308"],
    "03-09": [
        "【已恢复】省平台故障（编号 CS-O-000000-20260308",
        "【失步】市442000 CS-D-442000-20260307",  # of Saturday
        "市440900 CS-D-440900-20260211",
        "市445300 CS-C-445300-20260228",
    ],
    "03-10": [
        "市440900 CS-D-440900-20260211",
        "〔再次提醒〕【失步】市442000 CS-D-442000-20260307",
        "市445300 CS-C-445300-20260228",
    ],
}


def a_channel(robot: Robot, **changes: Any) -> Channel:
    given: dict[str, Any] = {"name": "province", "kind": "wecom", "owner": "王工", "roles": ("digest",)}
    return Channel(**{**given, "url": robot.url, "secret": "CITYSYNC_SECRET_WECOM", **changes})


def province(robot: Robot) -> Channels:
    """Return the province's one channel."""
    return Channels(channel=(a_channel(robot),))


def states_of(number: int) -> dict[str, State]:
    """Return who is not in sync on a night, from 0."""
    states: dict[str, State] = {}
    if 1 <= number <= 7:
        states[OUTAGE] = GONE
    if number >= 2:
        states[DRIFT] = OUT
    if number in {8, 9}:
        states[CODES[10]] = GONE  # comes and goes within the festival: never told
    if 13 <= number <= 15:
        states[GUARDED] = HELD
    if number >= 17:
        states[RESTLESS] = GONE if number % 2 else GOOD
    if number == 24:
        states |= dict.fromkeys(STORM, GONE)
    if number == BAD_MASTER:
        return dict.fromkeys(CODES, UNKNOWN)
    return _following(number) | states


def _following(number: int) -> dict[str, State]:
    """Return who has not followed the new master yet: one after the other does, one never."""
    if number < NEW_MASTER:
        return {}
    waiting = [code for place, code in enumerate(CODES) if number < NEW_MASTER + place % 5]
    return dict.fromkeys(waiting, State.LAGGING) | {SLOW: OUT if number >= GRACE_OVER else State.LAGGING}


def said(robot: Robot, before: int) -> list[str]:
    """Return the pieces of what a robot was told since, each by its title's first word and its number."""
    pieces = [piece for taken in robot.taken[before:] for piece in taken["text"]["content"].split("\n\n")]
    return [
        f"{piece.split(' ')[0].split(chr(10))[0]} {found[0] if (found := _NUMBER.findall(piece)) else ''}"
        for piece in pieces
    ]


Crash = tuple[str, bool]  # where, and whether it is done before the process dies


def live(month: Month, robot: Robot, crashes: Mapping[int, Crash] | None = None) -> dict[str, list[str]]:
    """Live through the nights, sending at half past eight; return what was told, by day.

    ``crashes``: nights in which the process dies once; what is started next goes on.
    """
    told: dict[str, list[str]] = {}
    for number in range(30):
        before = len(robot.taken)
        with dying(*(crashes or {}).get(number, ("", False))):
            _live_through(month, number)
        _start_again(month)
        if found := said(robot, before):
            told[f"{FIRST + timedelta(days=number):%m-%d}"] = found
        keys = [alert.key for alert in alerting.open_alerts(month.store)]
        assert len(keys) == len(set(keys))
        assert mailbox.posts_since(month.store, "province", month.now - timedelta(minutes=1)) <= 20
    return told


def _live_through(month: Month, number: int) -> None:
    faults = dict.fromkeys(STORM, Fault.NETWORK) if number == 24 else {}
    faults |= dict.fromkeys(CODES, Fault.MASTER) if number == BAD_MASTER else {}
    month.master = "1" if number < NEW_MASTER else "2"
    month.night(states_of(number), faults=faults, failed="磁盘空间不足" if number == FAILED else None)
    month.send()  # at once: only our own failures may go out at night
    month.at(8, 30)


def _start_again(month: Month) -> None:
    """Do what a timer does all day: decide what nobody decided, send what waits; a claim nobody confirmed runs out."""
    month.decide_again()
    month.at(8, 30)
    month.at(8, 40)


def test_the_messages_of_thirty_nights_are_these(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CITYSYNC_SECRET_WECOM", "key-1")
    with a_robot(robots.wecom) as robot:
        month = Month(store, tmp_path, province(robot))
        told = live(month, robot)
    assert told == EXPECTED


PLACES = ("alerting.apply", "mailbox.claim", "mailbox.posted", "mailbox.sent")
CRASHES: list[Crash] = [(place, after) for place in PLACES for after in (False, True)]
REPEATS = {("mailbox.posted", False), ("mailbox.posted", True), ("mailbox.sent", False)}  # taken, not yet written down


class Killed(BaseException):
    """Stands for a SIGKILL: nothing of the program's own catches it."""


@contextmanager
def dying(place: str, after: bool) -> Iterator[None]:  # noqa: FBT001 - a case
    """Let the process die the first time it comes to a place, before or after what is done there; no place: live."""
    if not place:
        yield
        return
    room, _, name = place.partition(".")
    module = {"mailbox": mailbox, "alerting": alerting}[room]
    real = getattr(module, name)

    def once(*args: Any, **kwargs: Any) -> Any:
        setattr(module, name, real)
        if after:
            real(*args, **kwargs)
        raise Killed

    setattr(module, name, once)
    try:
        with suppress(Killed):
            yield
    finally:
        setattr(module, name, real)


def with_repeats(told: dict[str, list[str]], repeated: Collection[str]) -> dict[str, list[str]]:
    """Return what was told, each piece once; where a crash may repeat, once more at the most and in the same words."""
    for day, pieces in told.items():
        most = max(pieces.count(piece) for piece in pieces)
        assert most <= (2 if day in repeated else 1), (day, pieces)
    return {day: list(dict.fromkeys(pieces)) for day, pieces in told.items()}


def days_of(crashes: Mapping[int, Crash]) -> set[str]:
    """Return the days on which a repeat is possible."""
    return {f"{FIRST + timedelta(days=number):%m-%d}" for number, crash in crashes.items() if crash in REPEATS}


@pytest.mark.parametrize("first", [0, 3])
def test_a_crash_in_every_night_loses_nothing_and_repeats_at_most_once(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, first: int
) -> None:
    """Every night dies at another point of deciding and sending; from two beginnings, every point is met."""
    monkeypatch.setenv("CITYSYNC_SECRET_WECOM", "key-1")
    crashes = {number: CRASHES[(first + number) % len(CRASHES)] for number in range(30)}
    with a_robot(robots.wecom) as robot:
        told = live(Month(store, tmp_path, province(robot)), robot, crashes)
    assert with_repeats(told, days_of(crashes)) == EXPECTED
    assert sum(len(pieces) for pieces in told.values()) > sum(len(pieces) for pieces in EXPECTED.values())


@pytest.mark.campaign
@pytest.mark.skipif("CITYSYNC_CAMPAIGN" not in os.environ, reason="whole only under make campaign")
@pytest.mark.parametrize("crash", CRASHES, ids=lambda crash: f"{crash[0]} {'after' if crash[1] else 'before'}")
def test_a_crash_at_every_point_of_every_night_that_has_something_to_say(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, crash: Crash
) -> None:
    monkeypatch.setenv("CITYSYNC_SECRET_WECOM", "key-1")
    speaking = [number for number in range(30) if f"{FIRST + timedelta(days=number):%m-%d}" in EXPECTED]
    for number in speaking:
        with emptied(store), a_robot(robots.wecom) as robot:
            told = live(Month(store, tmp_path, province(robot)), robot, {number: crash})
        repeats = days_of({number: crash})
        assert with_repeats(told, repeats) == EXPECTED, (number, crash)
        assert bool(repeats) == (told != EXPECTED), (number, crash)


@contextmanager
def emptied(store: Store) -> Iterator[None]:
    """Leave the ledger as empty as it was found."""
    yield
    with store.writing() as connection:
        for table in reversed(tables.metadata.sorted_tables):
            connection.execute(sa.delete(table))


def test_what_one_channel_refuses_the_other_tells_and_nothing_is_counted_twice(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CITYSYNC_SECRET_WECOM", "key-1")
    with a_robot(robots.wecom, (200, {"errcode": 93000})) as deaf, a_robot(robots.wecom) as other:
        first = a_channel(deaf, fallback="second")
        second = a_channel(other, name="second", roles=("leaders",))
        month = Month(store, tmp_path, Channels(channel=(first, second)))
        month.night({OUTAGE: GONE})
        posts = month.at(8, 30)
    assert [(post.channel, post.delivered) for post in posts] == [("province", False), ("second", True)]
    assert deaf.taken == []
    assert "渠道 province 未能送达，由本渠道转告" in other.taken[0]["text"]["content"]
    assert [(row["channel"], row["dead"], row["via"]) for row in mailbox.mailed(store)][::-1] == [
        ("province", True, "second"),
        ("second", False, None),
    ]


def test_a_channel_that_is_slow_to_take_is_tried_again_after_1_5_and_30_minutes(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CITYSYNC_SECRET_WECOM", "key-1")
    busy = (200, {"errcode": 45009, "errmsg": "api freq out of limit"})
    with a_robot(robots.wecom, busy, busy, busy) as robot:
        month = Month(store, tmp_path, province(robot))
        month.night({OUTAGE: GONE})
        tried = [len(month.at(hour, minute)) for hour, minute in ((8, 30), (8, 31), (8, 35), (8, 36), (9, 5), (9, 6))]
    assert tried == [1, 1, 0, 1, 0, 1]
    assert len(robot.taken) == 1


def test_never_more_than_twenty_messages_a_minute_and_none_lost(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CITYSYNC_SECRET_WECOM", "key-1")
    monkeypatch.setattr("citysync.alerts.channels.wecom.LIMIT", 300)  # every piece fills a message of its own
    with a_robot(robots.wecom) as robot:
        month = Month(store, tmp_path, province(robot))
        month.night(dict.fromkeys(CODES, OUT))
        counts = []
        for minute in (30, 30, 31, 32, 33, 34):
            before = len(robot.taken)
            month.at(8, minute)
            counts.append(len(robot.taken) - before)
    assert max(counts) <= 20
    assert counts[:2] == [20, 0]
    numbers = {number for taken in robot.taken for number in _NUMBER.findall(taken["text"]["content"])}
    assert len(numbers) == len(CODES)
