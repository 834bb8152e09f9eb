"""Who missed a target, by when it was due, and since when."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

import pytest

from citysync.domain.figures import Figure, all_figures
from citysync.reports.targets import Target, unmet

BY = date(2026, 11, 20)
GOAL = Target("onboard", Fraction(95, 100), BY, "粤办函〔2026〕1号")
CITY = ("440900", "茂名市")


def days(*met: int | None, due: int = 100) -> list[tuple[date, dict[str, Figure]]]:
    """Return a day each from 16 November, on board so many of 100; None: nothing was due, so nothing is known."""
    counts = [{"met": each or 0, "due": due if each is not None else 0} for each in met]
    return [(date(2026, 11, 16 + place), all_figures(each)) for place, each in enumerate(counts)]


@pytest.mark.parametrize(
    ("met", "since"),
    [
        ((94, 94, 95), None),
        ((95, 94, 94), date(2026, 11, 17)),
        ((94, 95, 94), date(2026, 11, 18)),
        ((94, None, 94), date(2026, 11, 16)),
        ((94, None), date(2026, 11, 16)),
        ((None, None), None),
        ((95,), None),
    ],
)
def test_a_target_is_missed_since_the_first_day_of_the_unbroken_row(
    met: tuple[int | None, ...], since: date | None
) -> None:
    found = unmet([GOAL], {CITY: days(*met)}, date(2026, 11, 21))
    assert [each.since for each in found] == ([since] if since else [])


def test_what_came_after_the_day_asked_for_is_not_known_yet() -> None:
    assert unmet([GOAL], {CITY: days(95, 94)}, date(2026, 11, 16)) == []


def test_a_target_is_overdue_only_after_its_day() -> None:
    on_the_day, after = (unmet([GOAL], {CITY: days(94)}, day)[0] for day in (BY, date(2026, 11, 21)))
    assert (on_the_day.overdue, after.overdue) == (False, True)
    told = after.as_dict()
    assert (told["label"], told["target"], told["value"], told["by"]) == ("进驻率", "95.00%", "94.00%", "2026-11-20")


def test_where_less_is_better_the_target_is_a_ceiling() -> None:
    ceiling = Target("over_legal", Fraction(0), BY)
    figures = all_figures({"days_over_legal": 1, "days_comparable": 10})
    assert [each.name for each in unmet([ceiling], {CITY: [(BY, figures)]}, BY)] == ["茂名市"]
    none_over = all_figures({"days_over_legal": 0, "days_comparable": 10})
    assert unmet([ceiling], {CITY: [(BY, none_over)]}, BY) == []
