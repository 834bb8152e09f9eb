"""Counts come back added up, of each city's last adopted run as of a day; what was never adopted is not zero."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pytest

from citysync.domain.outcome import TALLIES
from citysync.domain.tallies import COUNTS
from citysync.domain.verdict import State
from citysync.storage import daily, tables, tallies
from citysync.storage.engine import Store
from citysync.storage.ledger import publish, start_run
from tests.builders import TODAY
from tests.storage.cast import CITIES, a_city_run, a_run


def counted(store: Store, folder: Path, serial: int, *met: int, adopted: bool = True) -> None:
    """Publish a night of 深圳市 with one department per number of items on board."""
    rows = [
        {**dict.fromkeys(COUNTS, 0), "areacode": "440300", "department": f"部门{place}", "due": 10, "met": each}
        for place, each in enumerate(met)
    ]
    run = a_run(serial, on=TODAY + timedelta(days=serial - 1))
    start_run(store, run, CITIES)
    state = State.IN_SYNC if adopted else State.HELD
    frame = pl.DataFrame(rows, schema=TALLIES, orient="row")
    publish(store, run, replace(a_city_run(run, state=state), tallies=frame, adopted=adopted), folder)


def met(store: Store, on: date | None = None) -> list[int]:
    return [int(row["met"]) for row in tallies.totals(store, ("city_code",), on=on)]


def test_counts_are_those_of_the_last_adopted_run_of_that_day(store: Store, tmp_path: Path) -> None:
    counted(store, tmp_path, 1, 3, 4)
    counted(store, tmp_path, 2, 5, 5)
    counted(store, tmp_path, 3, 1, 1, adopted=False)
    assert (met(store, TODAY), met(store, TODAY + timedelta(days=1)), met(store)) == ([7], [10], [10])
    assert met(store, TODAY - timedelta(days=1)) == []
    assert [row["business_date"] for row in tallies.counted_on(store)] == [TODAY + timedelta(days=1)]
    assert tallies.days_counted(store, TODAY + timedelta(days=5)) == [TODAY, TODAY + timedelta(days=1)]


def test_many_days_at_once_are_each_day_by_itself(store: Store, tmp_path: Path) -> None:
    nothing = daily.runs_by_day(store, [TODAY], ["440300"])
    assert nothing == {TODAY: ()}
    assert daily.totals_of(store, "city_code", nothing) == {TODAY: []}
    counted(store, tmp_path, 1, 3, 4)
    counted(store, tmp_path, 2, 5, 5)
    counted(store, tmp_path, 4, 1, 1, adopted=False)
    days = [TODAY + timedelta(days=number) for number in range(-1, 5)]
    runs = daily.runs_by_day(store, days, ["440300"])
    by_day = daily.totals_of(store, "department", runs)
    assert by_day == {day: tallies.totals(store, ("department",), on=day, cities=["440300"]) for day in days}
    rows = daily.counted_of(store, runs)
    kept = {day: tallies.counted_on(store, on=day, cities=["440300"]) for day in days}
    assert rows == {
        day: [{"city_code": each["city_code"], "counts": each["counts"]} for each in found]
        for day, found in kept.items()
    }
    assert {day: [each.run_id for each in found] for day, found in runs.items()} == {
        day: [each["run_id"] for each in found] for day, found in kept.items()
    }
    late = days[-2:]  # what a day rests on may have been published before any of the days asked for
    assert daily.runs_by_day(store, late, ["440300"]) == {day: runs[day] for day in late}
    assert [len(rows[day]) for day in days] == [0, 1, 1, 1, 1, 1]


def test_a_later_run_of_an_earlier_day_is_what_later_days_rest_on(store: Store, tmp_path: Path) -> None:
    counted(store, tmp_path, 3, 1)
    counted(store, tmp_path, 2, 2)
    days = [TODAY + timedelta(days=number) for number in range(4)]
    runs = daily.runs_by_day(store, days, ["440300"])
    assert [[each.seq for each in runs[day]] for day in days] == [[], [2], [2], [2]]
    sums = {day: [int(row["met"]) for row in rows] for day, rows in daily.totals_of(store, "city_code", runs).items()}
    assert sums == {day: met(store, day) for day in days}


def test_a_night_that_is_many_questions_long_is_added_up_once(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(daily, "_AT_ONCE", 1)
    counted(store, tmp_path, 1, 3, 4)
    days = [TODAY, TODAY + timedelta(days=1)]
    found = daily.totals_of(store, "city_code", daily.runs_by_day(store, days, ["440300"]))
    assert [[int(row["met"]) for row in found[day]] for day in days] == [[7], [7]]


def test_counts_are_added_up_by_what_is_asked_for(store: Store, tmp_path: Path) -> None:
    counted(store, tmp_path, 1, 3, 4)
    by_department = tallies.totals(store, ("department",))
    assert [(row["department"], row["due"], row["met"]) for row in by_department] == [
        ("部门0", 10, 3),
        ("部门1", 10, 4),
    ]
    assert tallies.totals(store, cities=("440100",)) == []


def test_nights_are_nightly_runs_between_two_days(store: Store, tmp_path: Path) -> None:
    for serial in (1, 2, 3):
        counted(store, tmp_path, serial, 1)
    found = tallies.nights(store, TODAY, TODAY + timedelta(days=1))
    assert [(row["code"], row["state"], row["adopted"]) for row in found] == [("440300", "in_sync", True)] * 2


def test_the_table_has_the_columns_of_the_frame() -> None:
    names = [column.name for column in tables.tallies.c]
    assert names == ["run_seq", "city_code", "position", *TALLIES]
