"""What has been open since a day is found by the database, and is what its lives say."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from citysync.domain.verdict import State
from citysync.storage.engine import Store
from citysync.storage.ledger import finish_run, publish, start_run
from citysync.storage.part import Part
from flows.listings import list_of
from tests.builders import TODAY
from tests.storage.cast import CITIES, a_city_run, a_finding, a_run

# Each difference, by its 基本编码, and the nights it was there: one always, one gone and back, one new, one of before.
THERE = {
    "440106043001": (1, 2, 3, 4),
    "440106043002": (1, 2, 4),
    "440106043003": (3, 4),
    "440106043004": (1, 2),
}


@pytest.fixture
def nights(store: Store, tmp_path: Path) -> Store:
    for night in range(1, 5):
        run = a_run(night, on=TODAY + timedelta(days=night))
        start_run(store, run, CITIES)
        found = [a_finding(catalog_code=code) for code, there in THERE.items() if night in there]
        publish(store, run, a_city_run(run, *found, state=State.OUT_OF_SYNC), tmp_path)
        finish_run(store, run.run_id, run.started_at)
    return store


def codes(store: Store, since: int, **more: int) -> list[str]:
    run_id = a_run(more["run"]).run_id if "run" in more else None
    listing = list_of(store, "findings", "440300", {}, since=TODAY + timedelta(days=since), run_id=run_id)
    return [row["catalog_code"][-1] for row in listing.rows]


def test_what_is_open_since_a_day_is_what_its_lives_say(nights: Store) -> None:
    assert [codes(nights, since) for since in range(1, 6)] == [["1", "2", "3"], ["2", "3"], ["2", "3"], ["2"], []]


def test_of_an_earlier_run_nothing_later_is_told(nights: Store) -> None:
    assert codes(nights, 1, run=2) == ["1", "2", "4"]
    assert codes(nights, 2, run=2) == []


def test_pages_of_it_are_cut_and_counted_and_filters_hold(nights: Store) -> None:
    part = Part(1, 1)
    since = TODAY + timedelta(days=2)
    listing = list_of(nights, "findings", "440300", {}, since=since, part=part)
    assert ([row["catalog_code"][-1] for row in listing.rows], listing.total) == (["3"], 2)
    none = list_of(nights, "findings", "440300", {"check": "unclaimed"}, since=since, part=part)
    assert (none.rows, none.total, none.run_id) == ((), 0, a_run(4).run_id)
