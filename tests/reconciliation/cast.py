"""Walking rows through validation, match and reconcile, as the line does, without network or ledger."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import polars as pl

from citysync.domain.catalogue import MasterCatalogue
from citysync.domain.city import City
from citysync.domain.outcome import Validation
from citysync.domain.snapshot import Grade, Snapshot
from citysync.domain.workdays import calendar
from citysync.reconciliation.match import Match, match
from citysync.reconciliation.reconcile import Reconciliation, reconcile
from schemas.validate import validate
from tests.builders import BODY, CATALOG_CODE, TASK_CODE, TODAY, a_city, a_master, a_snapshot, an_item

Place = tuple[str | None, str | None, str | None]  # field, expected, actual


@dataclass(frozen=True)
class Walk:
    """One city's rows after the whole walk."""

    snapshot: Snapshot
    validation: Validation
    match: Match
    reconciliation: Reconciliation

    @property
    def findings(self) -> pl.DataFrame:
        return self.reconciliation.findings

    def of(self, check: str) -> pl.DataFrame:
        return self.findings.filter(pl.col("check") == check)

    def said(self, check: str) -> list[Place]:
        return self.of(check).select("field", "expected", "actual").rows()

    def checks(self) -> set[str]:
        return set(self.findings.get_column("check"))


def walk(
    rows: Sequence[Mapping[str, str | None]] | None = None,
    master: MasterCatalogue | None = None,
    city: City | None = None,
    *,
    on: date = TODAY,
    suspected: frozenset[tuple[str, str]] = frozenset(),
    **snapshot: Any,
) -> Walk:
    """Return a city's rows (by default the one row in sync) compared with the master (by default the one item).

    ``suspected``: absences no earlier night has seen; every other one was seen before.
    """
    city = city or a_city()
    taken = a_snapshot([an_item()] if rows is None else rows, **snapshot)
    validation = validate(taken, city, on)
    matched = match(validation, master or a_master(), city, on)
    seen = frozenset(matched.unclaimed.iter_rows()) - suspected
    found = reconcile(matched, validation, taken, city, on, calendar(), absent_before=seen)
    return Walk(taken, validation, matched, found)


def a_code(catalog_code: str = CATALOG_CODE, *, body: str = BODY, level: str = "3") -> str:
    """Return a 实施编码 of the body for an item of the catalogue."""
    return f"{body}{level}{catalog_code}"


def tuned(**changes: str | None) -> list[dict[str, str | None]]:
    """Return the one row in sync with some columns changed."""
    return [an_item(**changes)]


__all__ = ["CATALOG_CODE", "TASK_CODE", "Grade", "Walk", "a_code", "tuned", "walk"]
