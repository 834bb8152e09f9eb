"""Working days with 调休: what counts for a grace period."""

from __future__ import annotations

from datetime import date, timedelta

import chinese_calendar
import pytest
from hypothesis import given
from hypothesis import strategies as st

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
        (date(2013, 2, 8), 2, date(2013, 2, 17)),  # Spring Festival 2013: the weekend after it is worked
        (date(2013, 9, 30), 1, date(2013, 10, 8)),
        (date(2015, 2, 16), 2, date(2015, 2, 25)),
        (date(2015, 2, 17), 4, date(2015, 2, 28)),  # a worked Saturday ends it
        (date(2017, 9, 29), 1, date(2017, 9, 30)),  # the worked Saturday before National Day
        (date(2017, 9, 30), 1, date(2017, 10, 9)),  # National Day and Mid-Autumn together
        (date(2020, 1, 23), 1, date(2020, 2, 3)),  # Spring Festival 2020 as it was prolonged
        (date(2020, 9, 30), 2, date(2020, 10, 10)),
        (date(2022, 1, 28), 2, date(2022, 1, 30)),  # Saturday and Sunday worked in a row
        (date(2023, 1, 20), 1, date(2023, 1, 28)),
        (date(2023, 9, 28), 2, date(2023, 10, 8)),  # two days worked after eight off
        (date(2024, 2, 9), 1, date(2024, 2, 18)),
        (date(2024, 2, 2), 5, date(2024, 2, 8)),
        (date(2025, 1, 26), 2, date(2025, 2, 5)),
        (date(2025, 1, 27), 3, date(2025, 2, 7)),
        (date(2025, 1, 27), 4, date(2025, 2, 8)),  # a worked Saturday
        (date(2025, 9, 30), 1, date(2025, 10, 9)),
        (date(2025, 9, 30), 3, date(2025, 10, 11)),
        (date(2026, 2, 28), 5, date(2026, 3, 6)),
        (date(2025, 12, 31), 1, date(2026, 1, 4)),  # over New Year into a worked Sunday
        (date(2023, 12, 29), 1, date(2024, 1, 2)),  # year change without make-up days
        (date(2024, 2, 28), 1, date(2024, 2, 29)),  # a leap day is a day like any other
        (date(2024, 2, 29), 1, date(2024, 3, 1)),
        (date(2024, 2, 29), 250, date(2025, 3, 3)),  # a year has about 250 of them
        (date(2026, 4, 30), 1, date(2026, 5, 6)),  # Labour Day
        (date(2026, 4, 30), 4, date(2026, 5, 9)),  # and its worked Saturday
        (date(2026, 12, 31), 1, date(2027, 1, 1)),  # 2027 is not published: New Year's Day is a plain Friday
        (date(2026, 12, 31), 3, date(2027, 1, 5)),
        (date(2027, 2, 5), 1, date(2027, 2, 8)),  # Spring Festival 2027 is not known: weekends decide
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


@pytest.mark.parametrize(
    ("start", "end", "passed"),
    [
        (date(2026, 11, 23), date(2026, 11, 23), 0),  # found today
        (date(2026, 11, 23), date(2026, 11, 22), 0),  # a catch-up run looks back
        (date(2026, 11, 20), date(2026, 11, 23), 1),  # over a weekend
        (date(2026, 2, 14), date(2026, 2, 23), 0),  # all of Spring Festival
        (date(2026, 2, 13), date(2026, 2, 28), 6),  # both its make-up days count
        (date(2025, 12, 31), date(2026, 1, 4), 1),
        (date(2024, 2, 28), date(2024, 3, 1), 2),
    ],
)
def test_the_age_of_a_finding_counts_worked_days(start: date, end: date, passed: int) -> None:
    assert calendar().workdays_between(start, end) == passed


@given(start=st.dates(date(2023, 12, 1), date(2027, 2, 1)), days=st.integers(-40, 500))
def test_worked_days_are_those_of_a_count_day_by_day(start: date, days: int) -> None:
    passing = (start + timedelta(days=number) for number in range(1, days + 1))
    counted = sum(calendar().is_workday(day) for day in passing)
    assert calendar().workdays_between(start, start + timedelta(days=days)) == counted


@pytest.mark.parametrize("count", [1, 5, 10, 20])
@pytest.mark.parametrize("start", [date(2026, 2, 13), date(2025, 9, 30), date(2026, 12, 30), date(2024, 2, 29)])
def test_a_deadline_is_as_many_worked_days_away_as_it_was_given(start: date, count: int) -> None:
    assert calendar().workdays_between(start, calendar().add_workdays(start, count)) == count


@pytest.mark.parametrize(
    ("deadline", "shown"),
    [
        (date(2026, 12, 31), "2026-12-31"),
        (date(2027, 1, 1), "2027-01-01（估算）"),
        (date(2028, 2, 29), "2028-02-29（估算）"),
    ],
)
def test_a_deadline_beyond_the_last_notice_is_shown_as_an_estimate(deadline: date, shown: str) -> None:
    assert calendar().shown(deadline) == shown


def test_another_table_of_the_same_notices_agrees_day_by_day() -> None:
    days = (date(2013, 1, 1) + timedelta(days=number) for number in range((date(2027, 1, 1) - date(2013, 1, 1)).days))
    assert [day for day in days if calendar().is_workday(day) is not chinese_calendar.is_workday(day)] == []


def test_a_calendar_without_exceptions_is_the_plain_week() -> None:
    assert Calendar({}, 2026).add_workdays(date(2026, 2, 13), 1) == date(2026, 2, 16)
