"""What the ledger remembers of a city when a run comes to it."""

from __future__ import annotations

from pathlib import Path

from citysync.domain.memory import FIRST_TIME
from citysync.domain.verdict import State
from citysync.storage.engine import Store
from citysync.storage.memory import recall
from tests.storage.cast import a_night, a_run


def test_a_city_that_was_never_pulled_has_no_past(store: Store) -> None:
    assert recall(store, "440300", a_run(1).run_id) == FIRST_TIME


def test_a_run_remembers_the_good_runs_before_it_and_neither_itself_nor_those_after(
    store: Store, tmp_path: Path
) -> None:
    for serial in (1, 2, 3):
        a_night(store, tmp_path, serial, State.IN_SYNC)
    a_night(store, tmp_path, 4, State.NOT_SYNCED, received=0)
    assert recall(store, "440300", a_run(3).run_id).good_counts == (1, 1)
    assert recall(store, "440300", a_run(4).run_id).good_counts == (1, 1, 1)
    assert recall(store, "440300", "a dry run the ledger never saw").good_counts == (1, 1, 1)
