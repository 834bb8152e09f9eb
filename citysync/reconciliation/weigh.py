"""Weighing errors against what a city is tolerated and what is still in grace: one reason per check."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from datetime import date

import polars as pl

from citysync.domain.city import Tolerate
from citysync.domain.findings import Severity
from citysync.domain.sayings import FOUND, IN_GRACE, SUSPECTED
from citysync.domain.verdict import Reason, Standing
from citysync.reconciliation.checks import all_checks
from citysync.reconciliation.reconcile import ABSENCE, DRIFT, Reconciliation, distinct_rows

_ITEM = ("task_code", "task_handle_item", "catalog_code")


def errors(found: Reconciliation, tolerate: Tolerate) -> list[Reason]:
    """Return a reason for every check whose errors are beyond tolerance (failing) or in grace (grace)."""
    erring = found.findings.filter(pl.col("severity") == Severity.ERROR.value)
    reasons = (
        _weighed(str(check), group, found, tolerate)
        for (check,), group in erring.group_by("check", maintain_order=True)
    )
    return [reason for reason in reasons if reason is not None]


def _weighed(check: str, findings: pl.DataFrame, found: Reconciliation, tolerate: Tolerate) -> Reason | None:
    """Weigh the errors of one check: only those out of grace and confirmed count against the tolerance."""
    waiting = pl.col("due_on").is_not_null() | pl.col("suspected")
    overdue, in_grace = findings.filter(~waiting), findings.filter(waiting)
    tolerated = {ABSENCE: tolerate.max_missing, DRIFT: tolerate.max_drifted}.get(check, 0)
    if distinct_rows(overdue) > tolerated:
        standing, example = Standing.FAILING, overdue
    elif not in_grace.is_empty():
        standing, example = Standing.GRACE, in_grace
    else:
        return None
    module = all_checks()[check]
    counted = FOUND.said(count=f"{distinct_rows(findings):,}")
    seen = f"{module.LABEL} {counted}（例：{_example(example, found.names)}）"
    text = f"{seen}{_grace(in_grace, found.estimated)}；{module.REMEDY}"
    return Reason(check, module.AXIS, standing, module.FAULT, text)


def _example(findings: pl.DataFrame, names: pl.DataFrame) -> str:
    """Return where the first finding is: region, code, name."""
    first = findings.row(0, named=True)
    code = first["task_handle_item"] or first["task_code"] or first["catalog_code"]
    same = [pl.col(column).eq_missing(pl.lit(first[column], dtype=pl.String)) for column in _ITEM]
    named = names.filter(same).get_column("name")
    return " ".join(part for part in (first["areacode"], code, *named.head(1)) if part)


def _grace(in_grace: pl.DataFrame, estimated: AbstractSet[date]) -> str:
    """Return how many findings still have time, and until when the first of them."""
    if in_grace.is_empty():
        return ""
    unconfirmed = distinct_rows(in_grace.filter(pl.col("suspected")))
    dated = in_grace.filter(pl.col("due_on").is_not_null() & ~pl.col("suspected"))
    first = dated.get_column("due_on").min()
    parts = [SUSPECTED.said(count=f"{unconfirmed:,}")] if unconfirmed else []
    if isinstance(first, date):
        mark = "（估算）" if first in estimated else ""
        left = IN_GRACE.said(count=f"{distinct_rows(dated):,}", until=first.isoformat())
        parts.append(f"{left}{mark} 到期")
    return f"，其中 {'，'.join(parts)}" if parts else ""
