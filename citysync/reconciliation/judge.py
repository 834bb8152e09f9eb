"""From facts to a verdict: one state, five axes, and the reasons they rest on.

Evidence of health is a reason too (``Standing.OK``): an axis without any evidence is unknown, never ok. Such reasons
carry the axes and are left out of the verdict, whose reasons are what people must read.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import polars as pl

from citysync.domain.city import City
from citysync.domain.errors import SourceError, Unreadable
from citysync.domain.findings import no_findings
from citysync.domain.outcome import Validation, no_tallies
from citysync.domain.run import Run
from citysync.domain.sayings import UNSEEN
from citysync.domain.snapshot import Certificate, Grade
from citysync.domain.verdict import Axis, Counts, Fault, Reason, Standing, State, Verdict, worst
from citysync.reconciliation.evidence import NEVER, Seen, complete, fresh, too_many_rejected
from citysync.reconciliation.reconcile import Reconciliation
from citysync.reconciliation.weigh import errors

ADOPTED = frozenset({State.OUT_OF_SYNC, State.LAGGING, State.IN_SYNC})


@dataclass(frozen=True)
class Facts:
    """Everything a verdict on one city may rest on.

    ``error``: the source gave nothing; then there is no certificate. ``held``: what the guard said, before matching.
    ``reconciliation``: None where nothing was compared (see ``comparable``). Absences not yet confirmed by a second
    night come as ``suspected`` in its findings. ``foreign``: the rows are another city's. ``seen``: when
    the same rows came before. ``past``: what else comparing with earlier nights adds.
    """

    city: City
    run: Run
    judged_at: datetime
    certificate: Certificate | None = None
    source_changed_at: datetime | None = None
    error: SourceError | None = None
    validation: Validation | None = None
    reconciliation: Reconciliation | None = None
    held: tuple[Reason, ...] = ()
    foreign: Reason | None = None
    seen: Seen = NEVER
    past: tuple[Reason, ...] = ()


def judge(facts: Facts) -> Verdict:
    """Return what is said about a city, the first state of docs/states.md that applies.

    Raises ValueError where the facts are not enough to judge: that is a fault of ours, not of the city.
    """
    if facts.held:
        return _verdict(facts, State.HELD, [_REACHED, *facts.held])
    if facts.error is not None:
        state = State.UNKNOWN if facts.error.fault in _NOT_THEIRS else State.NOT_SYNCED
        return _verdict(facts, state, _source_failed(facts.error))
    if _is_contradicted(facts):
        return _verdict(facts, State.NOT_SYNCED, [_REACHED, *_contradicted(facts)])
    if facts.foreign is not None:
        return _verdict(facts, State.NOT_SYNCED, [_REACHED, facts.foreign])
    return _judge_rows(facts)


def comparable(facts: Facts) -> bool:
    """Return whether there is anything to compare: a usable snapshot whose rejections are tolerable."""
    usable = facts.error is None and not facts.held and facts.foreign is None and not _is_contradicted(facts)
    return usable and facts.validation is not None and too_many_rejected(facts.city, facts.validation) is None


def published(verdict: Verdict, reconciliation: Reconciliation | None) -> pl.DataFrame:
    """Return the findings that go with a verdict; none where nothing was adopted."""
    return reconciliation.findings if reconciliation is not None and verdict.state in ADOPTED else no_findings()


def counted(verdict: Verdict, reconciliation: Reconciliation | None) -> pl.DataFrame:
    """Return the tallies that go with a verdict; none where nothing was adopted."""
    return reconciliation.tallies if reconciliation is not None and verdict.state in ADOPTED else no_tallies()


def not_judged(city_code: str, run: Run, now: datetime, code: str, fault: Fault, text: str) -> Verdict:
    """Return the verdict on a city nobody could judge: our fault, the master's, paused or never run."""
    reason = Reason(code, Axis.REACHABLE, Standing.UNKNOWN, fault, text)
    return Verdict(city_code, run.run_id, State.UNKNOWN, worst([reason]), (reason,), Counts(), now)


def _judge_rows(facts: Facts) -> Verdict:
    certificate, validation, reconciliation = facts.certificate, facts.validation, facts.reconciliation
    if certificate is None or validation is None:
        raise ValueError(f"{facts.city.code}：没有来源错误，也没有可判定的快照；调用方须给出证书与校验结果")
    rejected = too_many_rejected(facts.city, validation)
    if rejected is not None:
        return _verdict(facts, State.NOT_SYNCED, [_REACHED, complete(certificate), rejected])
    if reconciliation is None:
        raise ValueError(f"{facts.city.code}：快照可比对，却没有比对结果；请先 reconcile 再 judge")
    reasons = [
        _REACHED,
        complete(certificate),
        *_absence_unproved(certificate, reconciliation),
        _ok(Axis.VALID),
        _ok(Axis.CONSISTENT),
        *errors(reconciliation, facts.city.tolerate),
        fresh(facts.city, facts.source_changed_at, facts.run.business_date, facts.seen),
        *facts.past,
    ]
    return _verdict(facts, _state(reasons), reasons)


def _state(reasons: Iterable[Reason]) -> State:
    standings = {reason.standing for reason in reasons}
    if Standing.FAILING in standings:
        return State.OUT_OF_SYNC
    return State.LAGGING if Standing.GRACE in standings else State.IN_SYNC


def _verdict(facts: Facts, state: State, reasons: Iterable[Reason]) -> Verdict:
    reasons = list(reasons)
    told = (reason for reason in reasons if reason.standing is not Standing.OK)
    return Verdict(
        city_code=facts.city.code,
        run_id=facts.run.run_id,
        state=state,
        axes=worst(reasons),
        reasons=tuple(sorted(told, key=lambda reason: (_DECIDING.index(reason.standing), reason.code))),
        counts=_counts(facts, state),
        judged_at=facts.judged_at,
        grade=facts.certificate.grade.value if facts.certificate is not None else None,
    )


def _counts(facts: Facts, state: State) -> Counts:
    """Return the counts a state allows: of rows once they were validated, of findings only where adopted."""
    rows, found = facts.validation, facts.reconciliation
    if rows is None or facts.error is not None or _is_contradicted(facts):
        return Counts()
    if found is None or state not in ADOPTED:
        return Counts(rows.received, rows.accepted_rows, rows.rejected_rows, rows.duplicate)
    return Counts(
        received=rows.received,
        accepted=rows.accepted_rows,
        rejected=rows.rejected_rows,
        duplicate=rows.duplicate,
        due=found.due,
        met=found.met,
        paired=found.paired,
        missing=found.missing,
        overclaimed=found.overclaimed,
        drifted=found.drifted,
        findings=found.findings.height,
        exempted=found.exempted,
    )


def _ok(axis: Axis) -> Reason:
    return Reason("ok", axis, Standing.OK, Fault.DATA, "")


# What decided the state comes first: people read the first reason. A doubt (unknown) decides no state by itself.
_DECIDING = (Standing.FAILING, Standing.GRACE, Standing.UNKNOWN)
_REACHED = _ok(Axis.REACHABLE)
_NOT_THEIRS = frozenset({Fault.OURS, Fault.MASTER})


def _source_failed(error: SourceError) -> list[Reason]:
    """Return what a failed pull says: who did not answer, or that the answer was not the directory.

    The error itself knows whose fault it is; what is ours or the master's is no failure of the city on any axis.
    """
    text = f"{error}（{error.place}）" if error.place and error.place not in str(error) else str(error)
    axis = Axis.COMPLETE if isinstance(error, Unreadable) else Axis.REACHABLE
    standing = Standing.UNKNOWN if error.fault in _NOT_THEIRS else Standing.FAILING
    failed = Reason(error.reason, axis, standing, error.fault, text)
    return [_REACHED, failed] if axis is Axis.COMPLETE else [failed]


def _is_contradicted(facts: Facts) -> bool:
    return facts.certificate is not None and facts.certificate.grade is Grade.X


def _contradicted(facts: Facts) -> list[Reason]:
    """Return why a snapshot of grade X cannot be used, quoting its certificate."""
    certificate = facts.certificate
    if certificate is None or certificate.grade is not Grade.X:
        return []
    why = "；".join(certificate.problems) or certificate.proof
    text = f"数据不完整，未采用：{why}；请市级核对总数与分页后重试"
    return [Reason("incomplete", Axis.COMPLETE, Standing.FAILING, Fault.CITY, text)]


def _absence_unproved(certificate: Certificate, found: Reconciliation) -> list[Reason]:
    """Return the doubt of grade C: obligations look unmet, but an absence may only be reported when proved."""
    if certificate.grade is not Grade.C or found.met >= found.due:
        return []
    unseen = UNSEEN.said(due=f"{found.due:,}", unseen=f"{found.due - found.met:,}")
    text = f"{unseen}，但来源完整性未证实，不判漏领；请来源提供总数、清单文件或稳定的第二次读取"
    return [Reason("absence_unproved", Axis.COMPLETE, Standing.GRACE, Fault.CITY, text)]
