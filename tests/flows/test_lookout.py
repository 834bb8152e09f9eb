"""What a leader makes of a city it gave to the pool, case by case."""

from __future__ import annotations

from dataclasses import replace

import pytest

from citysync.domain.errors import MasterError
from citysync.storage.walks import Outcome, Walk
from flows.crew import Lost
from flows.lookout import IDLE_SECONDS, START_SECONDS, Again, Given, Stage, outcome_of
from tests.storage.cast import a_city_run, a_run

QUEUED = Given(after=0, stage=Stage.QUEUED, stage_seconds=0.0, quiet=0.0)
ALIVE = Walk(attempt=1, host="machine-b", alive=True, outcome=None)


@pytest.mark.parametrize(
    ("walk", "given"),
    [
        (None, QUEUED),
        (None, replace(QUEUED, stage_seconds=50_000.0, quiet=IDLE_SECONDS)),
        (None, replace(QUEUED, stage=Stage.STARTED, stage_seconds=START_SECONDS, quiet=2 * IDLE_SECONDS)),
        (ALIVE, QUEUED),
        (ALIVE, replace(QUEUED, stage=Stage.ENDED)),
        (replace(ALIVE, alive=False, outcome=Outcome.RELEASED), replace(QUEUED, after=1)),
    ],
    ids=["queued", "long queue that moves", "just started", "walked", "orchestrator says crashed", "an old attempt"],
)
def test_a_city_under_way_is_waited_for(walk: Walk | None, given: Given) -> None:
    assert outcome_of(walk, given) is None


def test_a_living_walk_outlasts_whatever_the_orchestrator_says_and_a_dead_one_does_not() -> None:
    running_for_ever = replace(QUEUED, stage=Stage.STARTED, stage_seconds=0.0)
    answer = outcome_of(replace(ALIVE, alive=False), running_for_ever)
    assert answer == Again("主机 machine-b 上的 worker 没有走完就消失了", attempt=1)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (replace(QUEUED, stage=Stage.ENDED), "没有动手就结束了"),
        (replace(QUEUED, stage=Stage.STARTED, stage_seconds=START_SECONDS + 1), "没有动手"),
    ],
)
def test_a_submission_nobody_claimed_is_given_out_anew(given: Given, words: str) -> None:
    answer = outcome_of(None, given)
    assert isinstance(answer, Again)
    assert words in answer.why
    assert answer.attempt is None


def test_where_no_worker_is_the_night_does_not_wait_for_ever() -> None:
    answer = outcome_of(None, replace(QUEUED, quiet=IDLE_SECONDS + 1))
    assert isinstance(answer, Lost)
    assert "没有 worker 接手" in answer.text


def test_a_stopped_worker_and_one_without_disk_cost_a_new_submission() -> None:
    stopped = outcome_of(replace(ALIVE, alive=False, outcome=Outcome.RELEASED), QUEUED)
    full = replace(ALIVE, alive=False, outcome=Outcome.FAILED, error_code="storage", error="磁盘空间不足")
    assert isinstance(stopped, Again)
    assert outcome_of(full, QUEUED) == Again("主机 machine-b：磁盘空间不足", attempt=1, storage=True)


def test_what_failed_on_our_side_comes_back_as_it_was() -> None:
    hung = replace(ALIVE, alive=False, outcome=Outcome.FAILED, error_code="hung", error="处理超出时间预算")
    assert outcome_of(hung, QUEUED) == Lost("hung", "处理超出时间预算（主机 machine-b）")
    assert isinstance(outcome_of(replace(hung, error_code="master"), QUEUED), MasterError)


def test_a_city_that_asked_us_to_wait_comes_back_with_its_verdict() -> None:
    verdict = a_city_run(a_run()).verdict
    deferred = replace(ALIVE, alive=False, outcome=Outcome.DEFERRED, deferred=verdict)
    assert outcome_of(deferred, QUEUED) is verdict


def test_a_worker_that_says_published_where_the_ledger_says_nothing_is_not_believed() -> None:
    assert isinstance(outcome_of(replace(ALIVE, alive=False, outcome=Outcome.PUBLISHED), QUEUED), Again)
