"""A verdict as the ledger writes it, and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from citysync.domain.verdict import Axis, Counts, Fault, Reason, Standing, State, Verdict


def said(verdict: Verdict) -> dict[str, Any]:
    """Return what people read of a verdict: state, axes, reasons."""
    return {
        "state": verdict.state.value,
        "axes": {axis.value: standing.word for axis, standing in verdict.axes.items()},
        "reasons": [{**asdict(reason), "standing": reason.standing.word} for reason in verdict.reasons],
    }


def whole(verdict: Verdict) -> dict[str, Any]:
    """Return all of a verdict but whose and of which run it is."""
    counts = verdict.counts.as_dict()
    return {**said(verdict), "counts": counts, "grade": verdict.grade, "judged_at": verdict.judged_at.isoformat()}


def verdict_of(row: Mapping[str, Any]) -> Verdict:
    """Return the verdict of a ledger's row (keys code, run_id, state, axes, reasons, counts, judged_at, grade)."""
    judged_at = row["judged_at"]
    return Verdict(
        city_code=str(row["code"]),
        run_id=str(row["run_id"]),
        state=State(row["state"]),
        axes={Axis(axis): Standing[word.upper()] for axis, word in row["axes"].items()},
        reasons=tuple(_reason(reason) for reason in row["reasons"]),
        counts=Counts(**row["counts"]),
        judged_at=datetime.fromisoformat(judged_at) if isinstance(judged_at, str) else judged_at,
        grade=row["grade"],
    )


def _reason(row: Mapping[str, Any]) -> Reason:
    standing = Standing[row["standing"].upper()]
    return Reason(row["code"], Axis(row["axis"]), standing, Fault(row["fault"]), row["text"])
