"""A city that follows a change of the master inside its grace is recorded as an early follower."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from citysync.storage import reading
from citysync.storage.engine import Store
from citysync.storage.schema import open_store
from tests.builders import CATALOG_CODE, a_master, an_item
from tests.nights import Nights, nights

CHANGED = {CATALOG_CODE: date(2026, 11, 23)}


def a_changed_master(store: Store, folder: Path) -> Nights:
    city = nights(store, folder)
    city.master = a_master(changes=CHANGED)
    return city


def test_the_first_night_that_sees_nothing_left_to_do_is_recorded(tmp_path: Path) -> None:
    with open_store(f"sqlite:///{tmp_path / 'citysync.sqlite3'}", write=True) as store:
        city = a_changed_master(store, tmp_path)
        city.night([an_item(task_name="旧名")])
        assert reading.followers(store, date(2026, 11, 23)) == []
        city.night([an_item()])
        city.night([an_item()])
        (row,) = reading.followers(store, date(2026, 11, 25))
        assert (row["city_code"], row["followed_on"], row["due_on"], row["codes"]) == (
            "440300",
            "2026-11-24",
            "2026-11-30",
            1,
        )
        assert reading.followers(store, date(2026, 11, 23)) == [], "as of that night nobody had followed"
        assert reading.followers(store, date(2026, 12, 1)) == [], "after the grace nobody is early"


def test_what_is_not_proved_complete_or_comes_too_late_is_no_following(tmp_path: Path) -> None:
    with open_store(f"sqlite:///{tmp_path / 'citysync.sqlite3'}", write=True) as store:
        city = a_changed_master(store, tmp_path)
        city.night([an_item()], proved=False)
        city.night([an_item()], on=date(2026, 12, 1))
        assert [reading.followers(store, date(2026, 11, day)) for day in range(23, 31)] == [[]] * 8
