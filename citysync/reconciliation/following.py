"""Which batches of changes of the master a city follows before its grace for them ends."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import polars as pl

from citysync.domain.findings import Severity
from citysync.domain.outcome import Followed
from citysync.domain.workdays import Calendar
from citysync.reconciliation.match import Match


def followed(match: Match, findings: pl.DataFrame, on: date, calendar: Calendar, grace: int) -> tuple[Followed, ...]:
    """Return the batches still in grace that touch a city and leave nothing to do in it; a batch is one day's changes.

    ``findings``: those of the same match. A batch none of whose codes the city must have or has is not followed.
    """
    return tuple(_followed(match, findings, on, calendar, grace))


def _followed(match: Match, findings: pl.DataFrame, on: date, calendar: Calendar, grace: int) -> Iterator[Followed]:
    changes = list(match.master.changed)
    has = {code for rows in (match.duties, match.judged) for code in _among(rows.get_column("catalog_code"), changes)}
    if changes and match.settled is not None:
        has.update(_among(match.settled.codes(match.master.items.get_column("catalog_code")), changes))
    errors = findings.filter((pl.col("severity") == Severity.ERROR.value) & pl.col("due_on").is_not_null())
    waiting = set(errors.get_column("catalog_code"))
    for changed_on in sorted(set(match.master.changed.values())):
        due_on = calendar.add_workdays(changed_on, grace)
        codes = {code for code, day in match.master.changed.items() if day == changed_on} & has
        if changed_on <= on <= due_on and codes and not codes & waiting:
            yield Followed(changed_on, due_on, len(codes))


def _among(codes: pl.Series, changed: list[str]) -> pl.Series:
    return codes.filter(codes.is_in(changed)).unique()
