"""One run at a time works on a city; one that died is taken over; what follows a verdict is told once."""

from __future__ import annotations

import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from citysync.domain.verdict import State
from citysync.storage import leases, outbox, reading, tables
from citysync.storage.engine import Store
from citysync.storage.leases import LEASE, Busy, Status, Turn
from citysync.storage.ledger import amend, cancel_run, fail_run, finish_run, publish, start_run
from tests.builders import NOW
from tests.storage.cast import CITIES, a_city_run, a_night, a_run

SHENZHEN = CITIES[:1]
ELSEWHERE = {"process": "another machine:1", "pid": 1}


def change(store: Store, run_id: str, **columns: Any) -> None:
    with store.writing() as connection:
        connection.execute(sa.update(tables.runs).where(tables.runs.c.run_id == run_id).values(**columns))


def status(store: Store, serial: int) -> str:
    found = reading.run_of(store, a_run(serial).run_id)
    assert found is not None
    return str(found["status"])


def until_of(store: Store, **beyond: float) -> Any:
    with store.reading() as connection:
        return leases.database_now(connection) + timedelta(**beyond)


def leased(store: Store) -> list[str]:
    with store.reading() as connection:
        return sorted(connection.scalars(sa.select(tables.city_leases.c.city_code)))


def test_the_second_run_learns_who_works_on_a_city_and_gets_the_free_ones(store: Store) -> None:
    assert start_run(store, a_run(1), SHENZHEN) == {}
    assert start_run(store, a_run(2), CITIES) == {"440300": a_run(1).run_id}
    assert leased(store) == ["440100", "440300"]
    assert leases.holder(store, "440100") == a_run(2).run_id


def test_who_would_not_wait_is_told_who_works_on_the_city_and_enters_nothing(store: Store) -> None:
    start_run(store, a_run(1), SHENZHEN)
    with pytest.raises(Busy, match=f"深圳市 正在由 run {a_run(1).run_id} 处理"):
        start_run(store, a_run(2), CITIES, wait=False)
    assert len(reading.runs(store)) == 1
    assert leased(store) == ["440300"]


def test_a_published_city_is_free_and_a_waiter_shows_that_result(store: Store, tmp_path: Path) -> None:
    start_run(store, a_run(1), SHENZHEN)
    start_run(store, a_run(2), SHENZHEN)
    assert leases.turn(store, a_run(2).run_id, "440300", a_run(1).run_id) == Turn(holder=a_run(1).run_id)
    publish(store, a_run(1), a_city_run(a_run(1)), tmp_path)
    assert leased(store) == []
    assert leases.turn(store, a_run(2).run_id, "440300", a_run(1).run_id) == Turn(served_by=a_run(1).run_id)
    (row,) = reading.verdicts_of(store, a_run(2).run_id)
    assert (row["run_id"], row["state"]) == (a_run(1).run_id, "in_sync")
    assert len(reading.latest_verdicts(store)) == 1


def test_a_city_whose_fault_may_yet_be_ours_is_kept_until_the_night_is_over(store: Store, tmp_path: Path) -> None:
    start_run(store, a_run(1), SHENZHEN)
    publish(store, a_run(1), a_city_run(a_run(1), state=State.NOT_SYNCED, received=0), tmp_path)
    assert leased(store) == ["440300"]
    finish_run(store, a_run(1).run_id, NOW)
    assert leased(store) == []


def break_off(store: Store, run_id: str, moment: datetime) -> None:
    fail_run(store, run_id, moment, "磁盘空间不足")


@pytest.mark.parametrize("end", [finish_run, cancel_run, break_off])
def test_a_closed_run_leaves_no_lease_and_a_waiter_takes_over_what_it_did_not_publish(store: Store, end: Any) -> None:
    start_run(store, a_run(1), SHENZHEN)
    start_run(store, a_run(2), SHENZHEN)
    end(store, a_run(1).run_id, NOW)
    assert leased(store) == []
    assert leases.turn(store, a_run(2).run_id, "440300", a_run(1).run_id) == Turn()
    assert leases.holder(store, "440300") == a_run(2).run_id


def test_a_run_of_another_machine_is_taken_over_when_its_lease_has_expired_by_the_databases_clock(store: Store) -> None:
    start_run(store, a_run(1), SHENZHEN)
    change(store, a_run(1).run_id, **ELSEWHERE)
    assert start_run(store, a_run(2), SHENZHEN) == {"440300": a_run(1).run_id}
    change(store, a_run(1).run_id, lease_until=until_of(store, seconds=-1))
    assert start_run(store, a_run(3), SHENZHEN) == {}
    assert status(store, 1) == Status.ABANDONED
    assert not leases.beat(store, a_run(1).run_id), "the late one learns that it lost the run"
    assert leases.beat(store, a_run(3).run_id)


def test_a_lease_from_before_the_clock_jumped_back_says_nothing(store: Store) -> None:
    start_run(store, a_run(1), SHENZHEN)
    change(store, a_run(1).run_id, **ELSEWHERE, lease_until=until_of(store, days=400))
    assert start_run(store, a_run(2), SHENZHEN) == {}
    assert status(store, 1) == Status.ABANDONED


def test_a_living_process_of_this_machine_keeps_its_run_whatever_the_clock_says(store: Store) -> None:
    start_run(store, a_run(1), SHENZHEN)
    for moved in (timedelta(days=-400), timedelta(days=3)):
        change(store, a_run(1).run_id, lease_until=until_of(store) - moved)
        assert leases.holder(store, "440300") == a_run(1).run_id


_DIES = """
import os, signal, sys
from citysync.storage.ledger import start_run
from citysync.storage.schema import open_store
from tests.storage.cast import CITIES, a_run
store = open_store(sys.argv[1], write=True)
start_run(store, a_run(), CITIES)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_run_whose_process_was_killed_is_taken_over_at_once(store: Store, url: str) -> None:
    subprocess.run([sys.executable, "-c", _DIES, url], check=False)  # noqa: S603 - our own interpreter
    assert status(store, 1) == Status.RUNNING
    assert start_run(store, a_run(2), CITIES) == {}
    found = reading.run_of(store, a_run(1).run_id)
    assert found is not None
    assert found["status"] == Status.ABANDONED
    assert found["lease_until"] is None
    assert str(found["error"]).startswith("中断")


def test_a_lease_is_renewed_from_the_databases_clock(store: Store) -> None:
    start_run(store, a_run(1), SHENZHEN)
    change(store, a_run(1).run_id, lease_until=NOW)
    assert leases.beat(store, a_run(1).run_id)
    with store.reading() as connection:
        until = connection.scalar(sa.select(tables.runs.c.lease_until))
        assert until is not None
        left = until - leases.database_now(connection)
    assert LEASE - timedelta(seconds=30) < left <= LEASE


def test_a_change_of_state_is_written_with_its_verdict_and_told_once(store: Store, tmp_path: Path) -> None:
    for serial, state in enumerate((State.IN_SYNC, State.IN_SYNC, State.OUT_OF_SYNC), start=1):
        a_night(store, tmp_path, serial, state)
        finish_run(store, a_run(serial).run_id, NOW)
    first, second = outbox.claim(store, "a")
    assert outbox.claim(store, "b") == []
    assert (first.transition.before, first.transition.after) == (None, State.IN_SYNC)
    assert (second.transition.before, second.transition.after) == (State.IN_SYNC, State.OUT_OF_SYNC)
    assert second.transition.verdict.run_id == a_run(3).run_id
    assert second.transition.verdict.counts.received == 1
    assert second.transition.since.day == 25
    assert [outbox.confirm(store, first.seq, who) for who in ("b", "a", "a")] == [False, True, False]


def test_a_claim_nobody_confirmed_runs_out(store: Store, tmp_path: Path) -> None:
    a_night(store, tmp_path, 1, State.OUT_OF_SYNC)
    finish_run(store, a_run(1).run_id, NOW)
    (mine,) = outbox.claim(store, "a")
    with store.writing() as connection:
        connection.execute(sa.update(tables.outbox).values(claimed_until=NOW - timedelta(days=99)))
    assert [claimed.seq for claimed in outbox.claim(store, "b")] == [mine.seq]
    assert not outbox.confirm(store, mine.seq, "a")


def test_nothing_follows_a_verdict_before_its_run_is_over_and_then_what_the_night_made_of_it(
    store: Store, tmp_path: Path
) -> None:
    run = a_run(1)
    start_run(store, run, SHENZHEN)
    result = a_city_run(run, state=State.NOT_SYNCED, received=0)
    publish(store, run, result, tmp_path)
    assert outbox.claim(store, "a") == []
    amend(store, run.run_id, [a_city_run(run, state=State.UNKNOWN, received=0).verdict])
    finish_run(store, run.run_id, NOW)
    (claimed,) = outbox.claim(store, "a")
    assert claimed.transition.after is claimed.transition.verdict.state is State.UNKNOWN
