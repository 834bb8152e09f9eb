"""What one walk of a city cost: how often the source was asked, what came, how long each phase took, what was told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

PULL, VALIDATE, RECONCILE, JUDGE, PUBLISH = "pull", "validate", "reconcile", "judge", "publish"
PHASE_LABELS = {PULL: "取数", VALIDATE: "校验", RECONCILE: "对账", JUDGE: "判定", PUBLISH: "发布"}
FIRST_STEPS, LAST_STEPS = 10, 30  # of what was told of a walk, kept from its beginning and from its end


@dataclass(frozen=True, slots=True)
class Step:
    """One line told of a walk, and how many seconds after its beginning; no secret is in it."""

    after: float
    text: str


@dataclass(frozen=True, slots=True)
class Effort:
    """What the published walk of a city cost.

    ``requests``: HTTP requests, connections and queries of a database, folders and files opened; ``retries``: those of
    them that asked anew what had failed. ``wire_bytes``: bodies as they came, broken ones included, None where nobody
    sees the wire (a database); ``decoded_bytes``: what was read of them, unpacked. ``seconds``: by phase; a phase the
    walk never reached is not in it, and publishing is counted up to its commit. ``left_out``: lines between the first
    and the last ``steps`` that were not kept.
    """

    began_at: datetime
    requests: int
    retries: int
    wire_bytes: int | None
    decoded_bytes: int
    seconds: Mapping[str, float]
    steps: tuple[Step, ...] = ()
    left_out: int = 0
