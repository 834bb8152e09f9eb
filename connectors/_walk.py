"""Page after page, once or twice, until the snapshot's completeness is known; common to the HTTP connectors."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import polars as pl

from citysync.domain.city import City
from citysync.domain.errors import OverBudget
from citysync.domain.snapshot import RawPage, Snapshot
from connectors._certify import PageFacts, Reading, certify, second_is_better, second_pass_needed
from connectors._door import Door
from connectors._mapping import (
    Plan,
    Record,
    changed_at,
    in_order,
    keys_of,
    plan_for,
    stacked,
    to_frame,
    unknown_fields,
)

MAX_PAGES = 10_000
_SLACK = 2


@dataclass(frozen=True, slots=True)
class Answer[Asked: (int, str)]:
    """What one page said. ``following``: what to ask next, None at the end."""

    raw: RawPage
    records: Sequence[Record]
    total: int | None
    following: Asked | None
    changed_at: datetime | None = None
