"""Working days with 调休: what counts for a grace period."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from citysync.domain.workdays import Calendar, calendar


@pytest.mark.parametrize(
    ("day", "worked"),
    [
        (date(2024, 2, 4), True),  # Sunday worked for Spring Festival 2024
        (date(2024, 2, 9), True),
        (date(2024, 2, 10), False),
        (date(2024, 2, 16), False),  # Friday off
        (date(2024, 2, 18), True),  # Sunday worked
        (date(2024, 9, 29), True),  # Sunday worked for National Day 2024
        (date(2024, 10, 7), False),
        (date(2024, 10, 12), True),  # Saturday worked
        (date(2026, 2, 14), True),  # Saturday worked for Spring Festival 2026
        (date(2026, 2, 16), False),
        (date(2026, 2, 23), False),
        (date(2026, 2, 28), True),  # Saturday worked
        (date(2026, 9, 20), True),  # Sunday worked for National Day 2026
        (date(2026, 10, 1), False),
        (date(2026, 10, 10), True),  # Saturday worked
        (date(2026, 11, 21), False),  # a plain Saturday
        (date(2026, 11, 23), True),  # a plain Monday
    ],
)
def test_make_up_days_are_worked_and_festivals_are_not(day: date, worked: bool) -> None:  # noqa: FBT001
    assert calendar().is_workday(day) is worked


@pytest.mark.parametrize(
    ("start", "count", "due"),
    [
        (date(2026, 11, 20), 0, date(2026, 11, 20)),
        (date(2026, 11, 20), 5, date(2026, 11, 27)),  # Friday to Friday
        (date(2026, 2, 13), 1, date(2026, 2, 14)),  # the worked Saturday counts
        (date(2026, 2, 14), 1, date(2026, 2, 24)),  # over Spring Festival
        (date(2026, 2, 14), 5, date(2026, 2, 28)),
        (date(2026, 9, 30), 2, date(2026, 10, 9)),  # over National Day
        (date(2026, 9, 30), 3, date(2026, 10, 10)),
        (date(2026, 11, 21), 1, date(2026, 11, 23)),  # from a Saturday
    ],
)
def test_a_grace_period_ends_after_so_many_worked_days(start: date, count: int, due: date) -> None:
    assert calendar().add_workdays(start, count) == due


def test_every_exception_of_the_table_differs_from_the_plain_week_or_is_a_festival() -> None:
    worked_weekends = [day for day, worked in calendar().exceptions.items() if worked]
    assert worked_weekends
    assert all(day.weekday() >= 5 for day in worked_weekends)


@pytest.mark.parametrize("year", range(2013, 2027))
def test_every_published_year_has_about_250_working_days(year: int) -> None:
    days = (date(year, 1, 1) + timedelta(days=n) for n in range(365))
    assert 246 <= sum(calendar().is_workday(day) for day in days) <= 252
    assert not calendar().estimated(date(year, 12, 31))


def test_beyond_the_last_notice_weekends_decide_and_the_answer_says_so() -> None:
    assert calendar().last_year == 2026
    assert calendar().estimated(date(2027, 1, 4))
    assert calendar().is_workday(date(2027, 1, 4))
    assert not calendar().is_workday(date(2027, 1, 3))


def test_a_calendar_without_exceptions_is_the_plain_week() -> None:
    assert Calendar({}, 2026).add_workdays(date(2026, 2, 13), 1) == date(2026, 2, 16)
