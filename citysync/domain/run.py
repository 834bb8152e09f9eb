"""One run: when it started, what it was asked, and what it judges against."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

RULES_VERSION = "1"  # raised whenever a rule, a normalisation or a format below it changes a verdict


class Trigger(StrEnum):
    """Who asked for the run."""

    NIGHTLY = "nightly"
    ON_DEMAND = "on_demand"
    REPLAY = "replay"


@dataclass(frozen=True, slots=True)
class Run:
    """The facts fixed when a run starts. ``business_date`` is what every deadline, age and grace counts from."""

    run_id: str
    trigger: Trigger
    business_date: date
    started_at: datetime
    master_version: str
    rules_version: str = RULES_VERSION
