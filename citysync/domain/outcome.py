"""What one city's walk along the line produced, step by step."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

import polars as pl

from citysync.domain.approval import Use
from citysync.domain.clean import Clean
from citysync.domain.identity import no_proposals
from citysync.domain.settled import Settled
from citysync.domain.snapshot import RawPage, Snapshot
from citysync.domain.tallies import COUNTS, PLACE
from citysync.domain.verdict import Verdict

# Counts of one city in one run, one row per region and department.
TALLIES: dict[str, pl.DataType] = {**dict.fromkeys(PLACE, pl.String()), **dict.fromkeys(COUNTS, pl.Int64())}


def no_tallies() -> pl.DataFrame:
    """Return the empty table of tallies."""
    return pl.DataFrame(schema=TALLIES)


@dataclass(frozen=True)
class Validation:
    """A snapshot's rows, each accepted, rejected or merged.

    ``accepted``: typed frame ``schemas.directory`` fixes (every canonical column; absent ones all null), but for rows
    that are ``settled`` (None: no row is), which are accepted, too, and read no further;
    ``rejected``: frame ``REJECTIONS``, one row per rejected row and broken rule;
    ``notes``: frame with ``check`` and the columns of ``PLACE``: what was odd but could still be compared;
    ``absent``: canonical columns the source does not have. ``received = accepted rows + rejected rows + duplicate``.
    """

    accepted: pl.DataFrame
    rejected: pl.DataFrame
    notes: pl.DataFrame
    absent: frozenset[str]
    received: int
    rejected_rows: int
    duplicate: int
    settled: Settled | None = None

    @property
    def accepted_rows(self) -> int:
        """Return how many rows were accepted, settled or not."""
        return self.accepted.height + (0 if self.settled is None else self.settled.height)


@dataclass(frozen=True, slots=True)
class Followed:
    """A batch of changes of the master that a city follows before its grace ends; ``codes``: how many concern it."""

    changed_on: date
    due_on: date
    codes: int


@dataclass(frozen=True)
class CityRun:
    """Everything one run learned about one city; published whole or not at all.

    ``uses``: what the approvals lifted that let this snapshot be adopted.
    ``proposals``: frame ``citysync.domain.identity.PROPOSALS``: changes of identity for people to decide.
    ``clean``: its rows that need not be validated again while the rules are the same.
    """

    verdict: Verdict
    snapshot: Snapshot | None
    pages: tuple[RawPage, ...]
    findings: pl.DataFrame
    rejected: pl.DataFrame
    adopted: bool
    tallies: pl.DataFrame = field(default_factory=no_tallies)
    uses: tuple[Use, ...] = ()
    proposals: pl.DataFrame = field(default_factory=no_proposals)
    follows: tuple[Followed, ...] = ()
    clean: Clean | None = None
