"""What a run's leader makes of a city it gave to the pool: wait, take the answer, or give the city out anew.

The ledger decides; the orchestrator is asked only about a city nobody has claimed yet.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from citysync.domain.errors import MasterError, StorageError
from citysync.domain.verdict import Verdict
from citysync.storage.walks import Outcome, Walk
from flows.crew import Lost

START_SECONDS = 180.0  # from leaving the pool's queue to the claim: starting Python, importing, opening the ledger
IDLE_SECONDS = 900.0  # no city of the run was walked for so long: nobody is there


class Stage(Enum):
    """Where the orchestrator has a city's run."""

    QUEUED = "queued"
    STARTED = "started"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Given:
    """One submission of a city. ``after``: the last attempt that is over and done with; seconds are how long it is.

    ``quiet``: since any city of the run was walked; ``stage_seconds``: since the orchestrator shows this stage.
    """

    after: int
    stage: Stage
    stage_seconds: float
    quiet: float


@dataclass(frozen=True, slots=True)
class Again:
    """The city has to be given out anew, and why; ``attempt``: the one that is over, if any was claimed."""

    why: str
    attempt: int | None = None
    storage: bool = False


def outcome_of(walk: Walk | None, given: Given) -> Verdict | Exception | Lost | Again | None:
    """Return what became of a city that is not published yet; None: it is under way."""
    if walk is None or walk.attempt <= given.after:
        return _unclaimed(given)
    if walk.outcome is None:
        return None if walk.alive else Again(f"主机 {walk.host} 上的 worker 没有走完就消失了", walk.attempt)
    if walk.outcome is Outcome.DEFERRED and walk.deferred is not None:
        return walk.deferred
    if walk.outcome is Outcome.FAILED:
        return _failed(walk)
    if walk.outcome is Outcome.RELEASED:
        return Again(f"主机 {walk.host} 上的 worker 被停止", walk.attempt)
    return Again(f"主机 {walk.host} 上的 worker 说已发布，台账里没有", walk.attempt)


def _failed(walk: Walk) -> Exception | Lost | Again:
    """Our side failed there. A disk or database it could not write to may be that machine's alone."""
    text = walk.error or ""
    if walk.error_code == StorageError.reason:
        return Again(f"主机 {walk.host}：{text}", walk.attempt, storage=True)
    if walk.error_code == MasterError.reason:
        return MasterError(text)
    return Lost(walk.error_code or "crashed", f"{text}（主机 {walk.host}）")


def _unclaimed(given: Given) -> Lost | Again | None:
    if given.stage is Stage.ENDED:
        return Again("worker 没有动手就结束了")
    if given.stage is Stage.STARTED and given.stage_seconds > START_SECONDS:
        return Again(f"worker 取走后 {START_SECONDS:.0f} 秒没有动手")
    if given.stage is Stage.QUEUED and given.quiet > IDLE_SECONDS:
        return Lost("crashed", f"{IDLE_SECONDS / 60:.0f} 分钟没有 worker 接手任何城市；请检查 city 工作池的 worker")
    return None
