"""The pool as the hands of a run: every city a run of the ``city`` deployment, on workers of any number of machines.

Truth is the ledger: a worker that lost its power says nothing, and the orchestrator says "running" of it for ever.
So its city is given out anew once its lease has run out there; publishing once is the ledger's own.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import UUID

from prefect import get_client

from citysync.domain.errors import StorageError
from citysync.domain.verdict import Verdict
from citysync.storage import reading, walks
from citysync.storage.engine import Store
from citysync.storage.said import verdict_of
from citysync.storage.walks import Sight
from flows.crew import Job, Lost
from flows.events import taken_over
from flows.lookout import IDLE_SECONDS, Again, Given, Stage, outcome_of
from flows.submissions import Submissions

TIMES = 3  # a city that takes three workers with it is given to no fourth
_LOOK_SECONDS = 1.0
_ASK_SECONDS = 5.0  # the orchestrator, about cities nobody has claimed
_PATIENCE_SECONDS = 300.0  # for a server that does not answer while a city is given out


class PoolHands:
    """Gives cities out, one submission at a time each, and watches the ledger for all of them together."""

    def __init__(self, store: Store, run_id: str, submissions: Submissions) -> None:
        self._store, self._run_id, self._submissions = store, run_id, submissions
        self._closed = threading.Event()
        self._watch = _Watch(store, run_id, submissions)

    def ask(self, job: Job, step: Callable[[str], None]) -> Verdict | Exception | Lost:
        """Have a worker walk one city; a worker that is lost costs a new submission, three at most."""
        code, after = job.city.code, self._watch.attempt(job.city.code)
        last = Again("")
        for number in range(1, TIMES + 1):
            key = f"{self._run_id}-{code}-{after}-{number}"
            given = self._given(code, key)
            if given is None:
                return StorageError("Prefect 服务没有应答，无法把城市分给工作池")
            answer = self._answer(code, given, after, step)
            if not isinstance(answer, Again):
                return answer
            last, after = answer, max(after, answer.attempt or 0)
            step(f"{last.why}；第 {number} 次提交作废")
            taken_over(code, self._run_id)
            self._submissions.bury(given, last.why)
        text = f"{TIMES} 次分给工作池都没有走完：{last.why}"
        return StorageError(text) if last.storage else Lost("crashed", text)

    def close(self) -> None:
        """Wait for nobody any more, and ask the workers at work for this run to stop."""
        self._closed.set()
        self._submissions.cancel(self._watch.outstanding())

    def _given(self, code: str, key: str) -> UUID | None:
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while (flow_run := self._submissions.submit(self._run_id, code, key)) is None:
            if time.monotonic() > deadline or self._closed.wait(_ASK_SECONDS):
                return None
        self._watch.add(flow_run)
        return flow_run

    def _answer(
        self, code: str, flow_run: UUID, after: int, step: Callable[[str], None]
    ) -> Verdict | Exception | Lost | Again:
        told = after
        try:
            while not self._closed.wait(_LOOK_SECONDS):
                sight = self._watch.sight()
                if code in sight.published:
                    return self._published(code)
                walk = sight.walks.get(code)
                if walk is not None and walk.attempt > told and walk.alive:
                    told = walk.attempt
                    step(f"由主机 {walk.host} 上的 worker 处理（第 {walk.attempt} 次）")
                stage, seconds = self._watch.stage(flow_run)
                answer = outcome_of(walk, Given(after, stage, seconds, self._watch.quiet()))
                if answer is not None:
                    return answer
        except StorageError as error:
            return error
        finally:
            self._watch.drop(flow_run)
        return Lost("crashed", "运行已停止")

    def _published(self, code: str) -> Verdict:
        rows = reading.verdicts_of(self._store, self._run_id)
        return next(verdict_of(row) for row in rows if row["code"] == code)


@dataclass(slots=True)
class _Stage:
    stage: Stage
    since: float


class _Watch:
    """One look at ledger and orchestrator for all the cities that are waited for."""

    def __init__(self, store: Store, run_id: str, submissions: Submissions) -> None:
        self._store, self._run_id, self._submissions = store, run_id, submissions
        self._lock = threading.Lock()
        self._sight, self._looked = Sight(frozenset(), {}), float("-inf")
        self._stages: dict[UUID, _Stage] = {}
        self._asked = float("-inf")
        self._moved = time.monotonic()

    def attempt(self, code: str) -> int:
        walk = self.sight().walks.get(code)
        return 0 if walk is None else walk.attempt

    def add(self, flow_run: UUID) -> None:
        with self._lock:
            self._stages[flow_run] = _Stage(Stage.QUEUED, time.monotonic())

    def drop(self, flow_run: UUID) -> None:
        with self._lock:
            self._stages.pop(flow_run, None)

    def outstanding(self) -> list[UUID]:
        with self._lock:
            return list(self._stages)

    def sight(self) -> Sight:
        """Return the ledger's word, a second old at most; raise StorageError only once it is long away."""
        with self._lock:
            now = time.monotonic()
            if now - self._looked < _LOOK_SECONDS:
                return self._sight
            try:
                seen = walks.sight(self._store, self._run_id)
            except StorageError:
                if now - max(self._looked, self._moved) > IDLE_SECONDS:
                    raise
                return self._sight
            if seen.under_way or seen != self._sight:
                self._moved = now
            self._sight, self._looked = seen, now
            return seen

    def stage(self, flow_run: UUID) -> tuple[Stage, float]:
        """Return where the orchestrator has a submission, and for how many seconds it has been seen there."""
        with self._lock:
            now = time.monotonic()
            if now - self._asked >= _ASK_SECONDS:
                self._asked = now
                for each, stage in self._submissions.stages(list(self._stages)).items():
                    if each in self._stages and self._stages[each].stage is not stage:
                        self._stages[each] = _Stage(stage, now)
            seen = self._stages[flow_run]
            return seen.stage, now - seen.since

    def quiet(self) -> float:
        """Return for how many seconds no city of the run was walked."""
        return time.monotonic() - self._moved


@contextmanager
def pool_of(store: Store, run_id: str) -> Iterator[PoolHands]:
    """Yield the pool's hands; raise ConfigError if there is no ``city`` deployment, StorageError without a server."""
    with get_client(sync_client=True) as client:
        hands = PoolHands(store, run_id, Submissions(client))
        try:
            yield hands
        finally:
            hands.close()
