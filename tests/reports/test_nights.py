"""Punctuality counts a city's own nights, and no night that was ours to answer for."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from citysync.reports.nights import nights_by_day, nights_of


def a_night(day: int, state: str, *, adopted: bool = True, fresh: str = "ok", code: str = "440300") -> dict[str, Any]:
    axes = {"fresh": fresh}
    return {"code": code, "business_date": date(2026, 11, day), "state": state, "axes": axes, "adopted": adopted}


@pytest.mark.parametrize(
    ("night", "judged", "on_time", "in_sync"),
    [
        (a_night(1, "in_sync"), 1, 1, 1),
        (a_night(1, "lagging"), 1, 1, 0),
        (a_night(1, "out_of_sync"), 1, 1, 0),
        (a_night(1, "out_of_sync", fresh="failing"), 1, 0, 0),
        (a_night(1, "in_sync", fresh="unknown"), 1, 1, 1),
        (a_night(1, "not_synced", adopted=False, fresh="unknown"), 1, 0, 0),
        (a_night(1, "held", adopted=False, fresh="unknown"), 1, 0, 0),
    ],
)
def test_a_night_counts_once(night: dict[str, Any], judged: int, on_time: int, in_sync: int) -> None:
    assert nights_of([night])["440300"] == {
        "nights_judged": judged,
        "nights_on_time": on_time,
        "nights_in_sync": in_sync,
    }


def test_a_night_nobody_could_judge_is_no_night_of_the_citys() -> None:
    assert nights_of([a_night(1, "unknown", adopted=False)]) == {}


def test_of_two_runs_on_one_business_date_the_last_counts() -> None:
    found = nights_of([a_night(1, "not_synced", adopted=False), a_night(1, "in_sync"), a_night(2, "in_sync")])
    assert found["440300"] == {"nights_judged": 2, "nights_on_time": 2, "nights_in_sync": 2}


def test_many_stretches_are_each_stretch_by_itself() -> None:
    states = ("in_sync", "unknown", "not_synced", "out_of_sync", "in_sync", "unknown", "held", "in_sync")
    rows = [a_night(day, state, code=code) for day, state in enumerate(states, 1) for code in ("440300", "440100")]
    rows += [a_night(4, "in_sync"), a_night(9, "unknown")]
    days = [date(2026, 11, day) for day in range(1, 13)]
    for length in (1, 3, 30):
        apart = {
            day: [row for row in rows if day - timedelta(days=length) < row["business_date"] <= day] for day in days
        }
        assert nights_by_day(rows, days, length) == {day: nights_of(found) for day, found in apart.items()}
