"""Pieces are packed into few messages, split by bytes at line ends, never inside a character; none is lost."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from citysync.alerts.digest import messages
from citysync.alerts.worktime import not_before
from citysync.domain.alert import Change, Entry
from citysync.domain.workdays import calendar

NOW = datetime(2026, 11, 24, 1, 30, tzinfo=UTC)
LIMIT = 2048


def an_entry(number: int, body: str) -> Entry:
    return Entry("duty", f"CS-{number}", Change.OPENED, "run-1", "440300", f"【失步】市{number}", body, NOW)


@given(st.lists(st.text(st.sampled_from("深圳市 a\n𠮷，"), max_size=1500), max_size=12))
def test_no_message_is_too_long_and_no_piece_is_lost_or_told_twice(bodies: list[str]) -> None:
    entries = [an_entry(number, body) for number, body in enumerate(bodies)]
    packed = messages(entries, LIMIT)
    assert all(len(message.text.encode()) <= LIMIT for message in packed)
    assert [entry for message in packed for entry in message.entries] == entries
    whole = "".join(message.text for message in packed).replace("\n", "")
    for number, body in enumerate(bodies):
        assert f"【失步】市{number}" in whole
        assert all(letter in whole for letter in body if letter != "\n")


def test_twenty_one_lines_fit_into_one_message() -> None:
    assert len(messages([an_entry(number, "") for number in range(21)], LIMIT)) == 1


def test_parts_are_numbered() -> None:
    packed = messages([an_entry(1, "\n".join(["长" * 50] * 40))], LIMIT)
    assert [message.text[:5] for message in packed] == [f"（{n}/{len(packed)}）" for n in range(1, len(packed) + 1)]
    assert [len(message.entries) for message in packed] == [0] * (len(packed) - 1) + [1]


@pytest.mark.parametrize(
    ("now", "urgent", "goes"),
    [
        ("2026-11-24 10:00", False, "2026-11-24 10:00"),
        ("2026-11-24 02:40", False, "2026-11-24 08:30"),
        ("2026-11-24 08:10", False, "2026-11-24 08:10"),
        ("2026-11-24 21:00", False, "2026-11-25 08:30"),
        ("2026-11-27 22:00", False, "2026-11-30 08:30"),
        ("2026-11-28 12:00", False, "2026-11-30 08:30"),
        ("2026-02-14 12:00", False, "2026-02-14 12:00"),  # a Saturday worked for Spring Festival
        ("2026-02-13 22:00", False, "2026-02-14 08:30"),
        ("2026-10-01 09:00", False, "2026-10-08 08:30"),
        ("2026-10-01 03:00", True, "2026-10-01 03:00"),
    ],
)
def test_a_message_waits_for_the_next_working_morning_unless_it_is_urgent(now: str, urgent: bool, goes: str) -> None:  # noqa: FBT001
    moment, expected = (datetime.fromisoformat(f"{text}+08:00") for text in (now, goes))
    assert not_before(moment, calendar(), urgent=urgent) == expected
    assert expected - moment < timedelta(days=9)
