"""What one city's walk along the line produced, step by step."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from citysync.domain.snapshot import RawPage, Snapshot
from citysync.domain.verdict import Verdict


@dataclass(frozen=True)
class Validation:
    """A snapshot's rows, each accepted, rejected or merged.

    ``accepted``: typed frame ``schemas.directory`` fixes (every canonical column; absent ones all null);
    ``rejected``: frame ``REJECTIONS``, one row per rejected row and broken rule;
    ``notes``: frame with ``check`` and the columns of ``PLACE``: what was odd but could still be compared;
    ``absent``: canonical columns the source does not have. ``received = accepted + rejected rows + duplicate``.
    """

    accepted: pl.DataFrame
    rejected: pl.DataFrame
    notes: pl.DataFrame
    absent: frozenset[str]
    received: int
    rejected_rows: int
    duplicate: int


@dataclass(frozen=True)
class CityRun:
    """Everything one run learned about one city; published whole or not at all."""

    verdict: Verdict
    snapshot: Snapshot | None
    pages: tuple[RawPage, ...]
    findings: pl.DataFrame
    rejected: pl.DataFrame
    adopted: bool
