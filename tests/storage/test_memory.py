"""What the ledger remembers of a city when a run comes to it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import polars as pl
import sqlalchemy as sa

from citysync.domain.memory import FIRST_TIME
from citysync.domain.run import RULES_VERSION
from citysync.domain.snapshot import fingerprint
from citysync.domain.verdict import State
from citysync.reconciliation.evidence import Seen
from citysync.reconciliation.past import seen_before
from citysync.storage import tables
from citysync.storage.engine import Store
from citysync.storage.ledger import publish, start_run
from citysync.storage.memory import recall
from tests.builders import CATALOG_CODE, TODAY, a_snapshot, an_item
from tests.storage.cast import CITIES, a_city_run, a_finding, a_night, a_run


def test_a_city_that_was_never_pulled_has_no_past(store: Store, tmp_path: Path) -> None:
    assert recall(store, tmp_path, "440300", a_run(1).run_id) == FIRST_TIME


def test_a_run_remembers_the_good_runs_before_it_and_neither_itself_nor_those_after(
    store: Store, tmp_path: Path
) -> None:
    for serial in (1, 2, 3):
        a_night(store, tmp_path, serial, State.IN_SYNC)
    a_night(store, tmp_path, 4, State.NOT_SYNCED, received=0)
    assert recall(store, tmp_path, "440300", a_run(3).run_id).good_counts == (1, 1)
    assert recall(store, tmp_path, "440300", a_run(4).run_id).good_counts == (1, 1, 1)
    assert recall(store, tmp_path, "440300", "a dry run the ledger never saw").good_counts == (1, 1, 1)


def test_the_last_good_snapshot_is_remembered_with_its_rows_and_its_day(store: Store, tmp_path: Path) -> None:
    a_night(store, tmp_path, 1, State.IN_SYNC)
    a_night(store, tmp_path, 2, State.NOT_SYNCED, received=0)
    last = recall(store, tmp_path, "440300", a_run(3).run_id).last_good
    assert last is not None
    assert (last.run_id, last.on, last.rules_version) == (a_run(1).run_id, TODAY, RULES_VERSION)
    assert last.rows.whole.equals(a_snapshot([an_item()]).rows)


def test_a_damaged_last_good_snapshot_is_said_and_stops_no_run(store: Store, tmp_path: Path) -> None:
    a_night(store, tmp_path, 1, State.IN_SYNC)
    for path in (tmp_path / "snapshots").rglob("*.parquet"):
        path.write_bytes(b"damaged")
    memory = recall(store, tmp_path, "440300", a_run(2).run_id)
    assert (memory.good_counts, memory.last_good) == ((1,), None)
    assert memory.lost is not None
    assert "已损坏" in memory.lost


def test_a_directory_that_an_older_version_kept_is_recognised_after_the_upgrade(store: Store, tmp_path: Path) -> None:
    snapshot = a_snapshot([an_item()])
    for serial in (1, 2, 3):
        a_night(store, tmp_path, serial, State.IN_SYNC)
    kept = tables.snapshots
    with store.writing() as connection:
        old = sa.update(kept).where(kept.c.run_seq <= 2).values(content=fingerprint(snapshot.rows))
        connection.execute(old)
    memory = recall(store, tmp_path, "440300", a_run(4).run_id)
    assert [known[:2] == "2:" for known, _ in memory.contents] == [True, False, False]
    since = min(day for _, day in memory.contents)
    assert seen_before(snapshot.says, memory) == Seen(unchanged_since=since)
    changed = replace(snapshot, rows=snapshot.rows.with_columns(task_name=pl.lit("另一事项")))
    assert seen_before(changed.says, memory) == Seen()


def test_absences_are_those_of_the_last_good_night_that_could_see_any(store: Store, tmp_path: Path) -> None:
    absent = a_finding(check="unclaimed", suspected=True)
    seen = frozenset({("440300", CATALOG_CODE)})
    for serial, findings, grade in ((1, [absent], "A"), (2, [], "C"), (3, [], "B")):
        run = a_run(serial)
        start_run(store, run, CITIES)
        night = a_city_run(run, *findings)
        publish(store, run, replace(night, verdict=replace(night.verdict, grade=grade)), tmp_path)
    told = [recall(store, tmp_path, "440300", a_run(serial).run_id).absent_before for serial in (1, 2, 3, 4)]
    assert told == [frozenset(), seen, seen, frozenset()]
