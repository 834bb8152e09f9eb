"""Proposed changes of identity and what people decided on them: kept for good, applied to the runs after, revocable."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from citysync.domain.errors import ConfigError
from citysync.domain.identity import Change, Identity, Scope
from citysync.domain.outcome import CityRun
from citysync.domain.run import Trigger
from citysync.storage import tables
from citysync.storage.audit import Deed, record
from citysync.storage.engine import Store

_PROPOSAL = tables.identity_proposals.c
_DECISION = tables.identity_decisions.c
_RUN = tables.runs.c


class Standing(StrEnum):
    """How a proposal stands; open until somebody decides."""

    OPEN = "open"
    CONFIRMED = "confirmed"
    REJECTED = "rejected"
    REVOKED = "revoked"


STANDING_LABELS = {
    Standing.OPEN: "待确认",
    Standing.CONFIRMED: "已确认",
    Standing.REJECTED: "已否决",
    Standing.REVOKED: "已撤销",
}
_ALLOWED = {
    Standing.CONFIRMED: {Standing.OPEN, Standing.REJECTED, Standing.REVOKED},
    Standing.REJECTED: {Standing.OPEN},
    Standing.REVOKED: {Standing.CONFIRMED},
}


@dataclass(frozen=True, slots=True)
class Decision:
    """What somebody decided. ``effective_on``: the first business date judged by it."""

    standing: Standing
    by: str
    at: datetime
    effective_on: date
    reason: str | None = None


def note_proposals(connection: sa.Connection, run_seq: int, city_run: CityRun) -> None:
    """Keep what a run proposes, in the transaction that publishes it; what is known is only seen again.

    A replay proposes nothing: what it saw was proposed when it was news.
    """
    if city_run.proposals.is_empty():
        return
    city_code = city_run.verdict.city_code
    facts_of = sa.select(_RUN.run_id, _RUN.business_date, _RUN.trigger).where(_RUN.seq == run_seq)
    run = connection.execute(facts_of).one()
    if run.trigger == Trigger.REPLAY.value:
        return
    seen = {"last_seen_on": run.business_date, "last_run_id": run.run_id}
    known = set(connection.scalars(sa.select(_PROPOSAL.key).where(_PROPOSAL.city_code == city_code)))
    told = {_key_of(row): {**row, **seen} for row in city_run.proposals.iter_rows(named=True)}
    again = [{"known": key, **facts} for key, facts in told.items() if key in known]
    owner = {"first_seen_on": run.business_date, "first_run_id": run.run_id, "city_code": city_code}
    new = [{**facts, **owner, "key": key} for key, facts in told.items() if key not in known]
    if again:
        chosen = sa.and_(_PROPOSAL.city_code == city_code, _PROPOSAL.key == sa.bindparam("known"))
        connection.execute(tables.identity_proposals.update().where(chosen), again)
    if new:
        connection.execute(sa.insert(tables.identity_proposals), new)


def _key_of(row: dict[str, Any]) -> str:
    return "|".join((row["scope"], ",".join(row["before"]), ",".join(row["after"]), _name_key(row)))


def _name_key(row: dict[str, Any]) -> str:
    """Return the new name of a rename, whose codes say nothing; nothing for other changes."""
    return str(row["after_name"]) if row["change"] == Change.RENAMED else ""


def proposals(store: Store, city_code: str | None = None, standing: Standing | None = None) -> list[dict[str, Any]]:
    """Return proposals with how they stand, the surest first; ``decision`` keys are None while open."""
    with store.reading() as connection:
        rows = connection.execute(_with_last(sa.true())).mappings().all()
    found = [_plain(row) for row in rows if city_code in {None, row["city_code"]}]
    return [row for row in found if standing is None or row["standing"] == standing]


def decide(store: Store, proposal_id: int, decision: Decision) -> dict[str, Any]:
    """Add a decision, with its audit entry, and return the proposal as it stands then.

    Raises ConfigError for an id nobody proposed and for a decision that changes nothing (confirming what is
    confirmed, revoking what never was).
    """
    with store.writing(lock="identity") as connection:
        before = _one(connection, proposal_id)
        if before["standing"] not in _ALLOWED[decision.standing]:
            label = STANDING_LABELS[before["standing"]]
            raise ConfigError(
                f"提议 {proposal_id} 现为“{label}”，不能改为“{STANDING_LABELS[decision.standing]}”；"
                f"请用 citysync identity list {before['city_code']} --all 查看"
            )
        last_run = connection.scalar(sa.select(sa.func.coalesce(sa.func.max(_RUN.seq), 0)))
        connection.execute(
            sa.insert(tables.identity_decisions),
            {
                "proposal_id": proposal_id,
                "decision": decision.standing.value,
                "reason": decision.reason,
                "decided_by": decision.by,
                "decided_at": decision.at,
                "effective_on": decision.effective_on,
                "after_run_seq": last_run,
            },
        )
        after = _one(connection, proposal_id)
        deed = Deed(decision.by, f"identity {decision.standing}", f"identity:{proposal_id}", before, after)
        record(connection, deed, decision.at)
        return after


def confirmed(store: Store, city_code: str, run_id: str) -> tuple[Identity, ...]:
    """Return the changes of a city that were confirmed and not revoked before a run; all, for a run unknown here."""
    with store.reading() as connection:
        return confirmed_for(connection, city_code, run_id)


def confirmed_for(connection: sa.Connection, city_code: str, run_id: str) -> tuple[Identity, ...]:
    """Return what ``confirmed`` does, inside a transaction."""
    seq = sa.select(_RUN.seq).where(_RUN.run_id == run_id).scalar_subquery()
    before = sa.or_(seq.is_(None), _DECISION.after_run_seq < seq)
    rows = connection.execute(_with_last(before).where(_PROPOSAL.city_code == city_code)).mappings()
    return tuple(_identities(row for row in rows if row["decision"] == Standing.CONFIRMED))


def _identities(rows: Iterable[Any]) -> Iterable[Identity]:
    for row in rows:
        change, scope = Change(row["change"]), Scope(row["scope"])
        yield Identity(change, scope, tuple(row["before"]), tuple(row["after"]), row["effective_on"])


def _with_last(chosen: sa.ColumnElement[bool]) -> sa.Select[Any]:
    """Return proposals beside the last of the chosen decisions on each."""
    last = sa.select(sa.func.max(_DECISION.id).label("id")).where(chosen).group_by(_DECISION.proposal_id).subquery()
    decided = sa.select(tables.identity_decisions).join(last, last.c.id == _DECISION.id).subquery()
    named = [column for column in decided.c if column.name not in {"id", "proposal_id", "after_run_seq"}]
    return (
        sa.select(*(column for column in _PROPOSAL if column.name != "key"), *named)
        .select_from(tables.identity_proposals)
        .outerjoin(decided, decided.c.proposal_id == _PROPOSAL.id)
        .order_by(_PROPOSAL.city_code, _PROPOSAL.score.desc(), _PROPOSAL.id)
    )


def _one(connection: sa.Connection, proposal_id: int) -> dict[str, Any]:
    row = connection.execute(_with_last(sa.true()).where(_PROPOSAL.id == proposal_id)).mappings().first()
    if row is None:
        raise ConfigError(f"没有编号为 {proposal_id} 的提议；请用 citysync identity list 查看编号")
    return _plain(row)


def _plain(row: Any) -> dict[str, Any]:  # noqa: ANN401 - a row of the database
    told = {name: value.isoformat() if isinstance(value, date) else value for name, value in row.items()}
    return {**told, "standing": Standing(told.pop("decision") or Standing.OPEN)}
