"""One watch for a whole conversation: it rings for whoever waits too long, and for nobody else."""

from __future__ import annotations

import threading
import time

from connectors._clock import Clock

SOON, LATER, PATIENCE = 0.01, 3600.0, 60.0


def test_a_question_shorter_than_the_one_before_is_rung_for_at_its_own_moment() -> None:
    rung = threading.Event()
    clock = Clock(rung.set)
    with clock.until(time.monotonic() + LATER):
        pass
    with clock.until(time.monotonic() + SOON):
        assert rung.wait(PATIENCE)
    clock.stop()


def test_every_question_that_lasts_too_long_is_rung_for() -> None:
    rung = threading.Semaphore(0)
    clock = Clock(rung.release)
    for _ in range(3):
        with clock.until(time.monotonic() + SOON):
            assert rung.acquire(timeout=PATIENCE)
    clock.stop()
    assert not rung.acquire(blocking=False)


def test_nobody_is_rung_for_whose_question_was_answered_in_time() -> None:
    rung: list[bool] = []
    clock = Clock(lambda: rung.append(True))
    for _ in range(100):
        with clock.until(time.monotonic() + LATER):
            pass
    clock.stop()
    assert not rung


def test_one_thread_watches_all_questions_and_ends_with_the_conversation() -> None:
    before = set(threading.enumerate())
    clock = Clock(lambda: None)
    for _ in range(10):
        with clock.until(time.monotonic() + LATER):
            watching = set(threading.enumerate()) - before
    clock.stop()
    assert len(watching) == 1
    watching.pop().join(PATIENCE)
    assert set(threading.enumerate()) <= before
