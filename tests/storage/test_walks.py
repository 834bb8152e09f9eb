"""A city of a run is walked by one worker at a time; one that died is taken over; what it says ends with its run."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from citysync.domain.verdict import State
from citysync.storage import leases, reading, tables, walks
from citysync.storage.engine import Store
from citysync.storage.ledger import finish_run, publish, start_run
from citysync.storage.walks import Claim, Outcome
from tests.builders import NOW
from tests.storage.cast import CITIES, a_city_run, a_run

RUN = a_run()
CODE = "440300"


@pytest.fixture
def running(store: Store) -> Store:
    """Return a ledger with a run under way over two cities."""
    start_run(store, RUN, CITIES)
    return store


def claimed(store: Store, code: str = CODE) -> Claim:
    claim = walks.claim(store, RUN.run_id, code)
    assert claim is not None
    return claim


def elsewhere(store: Store, lease_seconds: int) -> None:
    """Let every walk be another machine's, of which only its lease tells whether it lives."""
    with store.writing() as connection:
        until = leases.database_now(connection) + timedelta(seconds=lease_seconds)
        facts: dict[str, Any] = {"process": "another machine:1", "pid": 1, "host": "machine-b", "lease_until": until}
        connection.execute(sa.update(tables.walks).values(**facts))


def test_a_city_is_claimed_by_one_worker_at_a_time(running: Store) -> None:
    claim = claimed(running)
    assert (claim.run, claim.attempt, claim.may_defer) == (RUN, 1, True)
    assert walks.claim(running, RUN.run_id, CODE) is None
    assert claimed(running, "440100").attempt == 1
    assert walks.sight(running, RUN.run_id).walks[CODE].alive


def test_a_walk_on_another_machine_is_alive_as_long_as_its_lease(running: Store) -> None:
    claim = claimed(running)
    elsewhere(running, 60)
    assert walks.claim(running, RUN.run_id, CODE) is None
    assert walks.beat(running, claim)
    assert walks.sight(running, RUN.run_id).under_way
    elsewhere(running, -1)
    assert not walks.sight(running, RUN.run_id).walks[CODE].alive
    assert not walks.sight(running, RUN.run_id).under_way
    assert claimed(running).attempt == 2


def test_a_worker_that_was_taken_over_cannot_end_the_walk_of_the_other(running: Store) -> None:
    first = claimed(running)
    elsewhere(running, -1)
    second = claimed(running)
    walks.end(running, first, Outcome.FAILED, error=("crashed", "it came back"))
    seen = walks.sight(running, RUN.run_id).walks[CODE]
    assert (seen.attempt, seen.alive, seen.outcome) == (second.attempt, True, None)


def test_two_workers_that_both_publish_a_city_publish_it_once(running: Store, tmp_path: Path) -> None:
    claimed(running)
    elsewhere(running, -1)
    claimed(running)
    late = publish(running, RUN, a_city_run(RUN), tmp_path)
    again = publish(running, RUN, a_city_run(RUN, state=State.OUT_OF_SYNC), tmp_path)
    assert (late.new, again.new) == (True, False)
    (row,) = reading.verdicts_of(running, RUN.run_id)
    assert row["state"] == "in_sync"
    sight = walks.sight(running, RUN.run_id)
    assert sight.published == {CODE}
    assert walks.claim(running, RUN.run_id, CODE) is None, "nobody walks what is published"


def test_a_city_that_asked_us_to_wait_comes_back_with_its_verdict_and_is_not_asked_a_third_time(running: Store) -> None:
    claim = claimed(running)
    verdict = replace(a_city_run(RUN, state=State.NOT_SYNCED, received=0).verdict, judged_at=NOW)
    walks.end(running, claim, Outcome.DEFERRED, verdict=verdict)
    seen = walks.sight(running, RUN.run_id).walks[CODE]
    assert (seen.outcome, seen.deferred) == (Outcome.DEFERRED, verdict)
    assert not claimed(running).may_defer
    elsewhere(running, -1)
    assert not claimed(running).may_defer, "nor after its second worker was lost"


def test_what_failed_on_a_worker_is_said(running: Store) -> None:
    walks.end(running, claimed(running), Outcome.FAILED, error=("config", "密码文件夹不在"))
    seen = walks.sight(running, RUN.run_id).walks[CODE]
    assert (seen.outcome, seen.error_code, seen.error) == (Outcome.FAILED, "config", "密码文件夹不在")


def test_a_walk_ends_with_its_run(running: Store) -> None:
    claim = claimed(running)
    assert walks.beat(running, claim)
    finish_run(running, RUN.run_id, NOW)
    assert not walks.beat(running, claim)
    assert walks.claim(running, RUN.run_id, "440100") is None


@pytest.mark.parametrize(("run_id", "code"), [("unknown", CODE), (RUN.run_id, "441900")])
def test_nobody_claims_a_city_of_no_run_or_one_the_run_did_not_set_out_for(
    running: Store, run_id: str, code: str
) -> None:
    assert walks.claim(running, run_id, code) is None


def test_every_attempt_is_kept_with_its_worker(running: Store) -> None:
    claimed(running)
    elsewhere(running, -1)
    walks.end(running, claimed(running), Outcome.PUBLISHED)
    told = [(each["attempt"], each["host"], each["outcome"]) for each in walks.attempts_of(running, RUN.run_id)]
    assert told == [(1, "machine-b", None), (2, told[1][1], "published")]
