"""A published result makes one receipt due by every way of its city; it goes out once, is tried again, or let go."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

from citysync.storage import leases
from citysync.storage.engine import Store
from citysync.storage.ledger import finish_run, publish, start_run
from citysync.storage.receipt_outbox import RETRY_AFTER, Due, claim, handed_over, settle, undelivered
from tests.builders import NOW
from tests.storage.cast import CITIES, a_city_run, a_run

SHENZHEN = CITIES[:1]
WAYS = ("folder", "post")


def a_night(store: Store, folder: Path, serial: int, *, closed: bool = True) -> datetime:
    """Publish a night of a city that wants receipts by two ways, and return a moment after it."""
    run = a_run(serial)
    start_run(store, run, SHENZHEN)
    for _ in range(2):  # publishing again changes nothing
        publish(store, run, a_city_run(run), folder, receipts=WAYS)
    if closed:
        finish_run(store, run.run_id, NOW)
    with store.reading() as connection:
        return leases.database_now(connection) + timedelta(seconds=1)


def ways(due: list[Due]) -> list[str]:
    return [each.way for each in due]


def test_a_receipt_is_due_once_its_run_is_closed_and_claimed_by_one(store: Store, tmp_path: Path) -> None:
    now = a_night(store, tmp_path, 1, closed=False)
    assert claim(store, now) == []
    finish_run(store, a_run().run_id, NOW)
    due = claim(store, now)
    assert ways(due) == ["folder", "post"]
    assert claim(store, now) == [], "somebody else has them"
    for each in due:
        settle(store, each, now, None)
    assert (claim(store, now + timedelta(days=1)), undelivered(store)) == ([], [])


def test_a_claim_nobody_settled_runs_out(store: Store, tmp_path: Path) -> None:
    now = a_night(store, tmp_path, 1)
    first, later = claim(store, now), claim(store, now + timedelta(minutes=6))
    assert (ways(first), later) == (["folder", "post"], first)


def test_what_did_not_arrive_is_tried_again_later_each_time_and_then_given_up(store: Store, tmp_path: Path) -> None:
    now = a_night(store, tmp_path, 1)
    for attempt in range(len(RETRY_AFTER) + 1):
        *others, post = claim(store, now)
        for each in others:
            settle(store, each, now, None)
        assert post.attempts == attempt
        settle(store, post, now, "对方答复 500")
        assert claim(store, now + timedelta(seconds=59)) == []
        now += RETRY_AFTER[min(attempt, len(RETRY_AFTER) - 1)]
    assert claim(store, now + timedelta(days=9)) == []
    (lost,) = undelivered(store)
    assert (lost["way"], lost["outcome"], lost["error"]) == ("post", "given_up", "对方答复 500")
    handed_over(store, a_run().run_id, "440300", "post", now)
    assert undelivered(store) == []


def test_a_refusal_for_good_is_not_tried_again(store: Store, tmp_path: Path) -> None:
    now = a_night(store, tmp_path, 1)
    for due in claim(store, now):
        settle(store, due, now, "对方答复 403", permanent=True)
    assert claim(store, now + timedelta(days=9)) == []
    assert [row["outcome"] for row in undelivered(store)] == ["given_up", "given_up"]


def test_a_newer_result_takes_the_place_of_one_that_still_waits(store: Store, tmp_path: Path) -> None:
    a_night(store, tmp_path, 1)
    now = a_night(store, tmp_path, 2)
    assert {each.run_id for each in claim(store, now)} == {a_run(2).run_id}
