"""The mailbox: pieces waiting for a channel, claimed by one sender at a time, each sent once.

A crash between sending and writing it down costs one repeat at most, with the same number: the claim runs out and the
piece is claimed again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from citysync.domain.alert import Change, Entry, Told
from citysync.storage import audit, tables
from citysync.storage.audit import Deed
from citysync.storage.engine import Store

CLAIM = timedelta(minutes=5)
REMEMBERED = timedelta(days=7)  # how long doctor speaks of what was never delivered
RETRY_AFTER = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=30))
_MAIL = tables.mail.c
_POST = tables.posts.c
_ALERT = tables.alerts.c
_WAITING = sa.and_(_MAIL.sent_at.is_(None), _MAIL.dead.is_(False))


@dataclass(frozen=True, slots=True)
class Piece:
    """One claimed piece: ``seq`` names it, ``attempts`` says how often it was tried."""

    seq: int
    entry: Entry
    attempts: int


def due_channels(store: Store, now: datetime) -> list[str]:
    """Return the channels for which something may go out now, urgent ones first."""
    query = (
        sa.select(_MAIL.channel)
        .where(_WAITING, _MAIL.not_before <= now)
        .group_by(_MAIL.channel)
        .order_by(sa.func.max(sa.cast(_MAIL.urgent, sa.Integer)).desc(), _MAIL.channel)
    )
    with store.reading() as connection:
        return list(connection.scalars(query))


def claim(store: Store, channel: str, claimed_by: str, now: datetime) -> list[Piece]:
    """Return what may go out by a channel now, in the order it came, kept from everybody else for a while."""
    with store.writing(lock=f"mail:{channel}") as connection:
        free = sa.or_(_MAIL.claimed_until.is_(None), _MAIL.claimed_until < now)
        waiting = sa.select(tables.mail).where(_MAIL.channel == channel, _WAITING, _MAIL.not_before <= now, free)
        found = []
        for row in connection.execute(waiting.order_by(_MAIL.urgent.desc(), _MAIL.seq)).mappings().all():
            mine = sa.update(tables.mail).where(_MAIL.seq == row["seq"], _WAITING, free)
            if connection.execute(mine.values(claimed_by=claimed_by, claimed_until=now + CLAIM)).rowcount == 1:
                found.append(_piece(row))
        return found


def sent(store: Store, pieces: Sequence[Piece], now: datetime) -> None:
    """Write down that pieces were taken; their alerts have been told."""
    with store.writing() as connection:
        for piece in pieces:
            mine = sa.update(tables.mail).where(_MAIL.seq == piece.seq, _MAIL.sent_at.is_(None))
            connection.execute(mine.values(sent_at=now, attempts=piece.attempts + 1, error=None, claimed_until=None))
            told = sa.update(tables.alerts).where(_ALERT.alert_id == piece.entry.alert_id)
            connection.execute(told.values(told=Told.SENT.value))


def failed(
    store: Store, pieces: Sequence[Piece], now: datetime, error: str, *, permanent: bool, via: str | None
) -> None:
    """Write down that pieces were not taken: tried again later, or handed to the channel ``via`` and given up here."""
    with store.writing() as connection:
        for piece in pieces:
            attempts = piece.attempts + 1
            given_up = permanent or attempts > len(RETRY_AFTER)
            hand_on = via if given_up or attempts >= 2 else None  # noqa: PLR2004 - one retry, then somebody else tells it
            row: dict[str, Any] = {"attempts": attempts, "error": error, "claimed_by": None, "claimed_until": None}
            if given_up or hand_on is not None:
                row |= {"dead": True, "via": hand_on}
            else:
                row |= {"not_before": now + RETRY_AFTER[attempts - 1]}
            connection.execute(sa.update(tables.mail).where(_MAIL.seq == piece.seq).values(**row))
            if hand_on is not None:
                _hand_on(connection, piece.entry, hand_on, now)


def waiting(store: Store) -> list[dict[str, Any]]:
    """Return the pieces that wait: seq, channel, alert_id, change, city_code, title, not_before, in their order."""
    names = (_MAIL.seq, _MAIL.channel, _MAIL.alert_id, _MAIL.change, _MAIL.city_code, _MAIL.title, _MAIL.not_before)
    with store.reading() as connection:
        return [
            dict(row) for row in connection.execute(sa.select(*names).where(_WAITING).order_by(_MAIL.seq)).mappings()
        ]


def settle(store: Store, seqs: Sequence[int], reason: str, who: str, now: datetime) -> None:
    """Hold waiting pieces for told, unsent, in somebody's name: a ledger put back does not know that they went."""
    with store.writing() as connection:
        for seq in seqs:
            mine = sa.update(tables.mail).where(_MAIL.seq == seq, _WAITING).returning(_MAIL.alert_id)
            alert_id = connection.scalar(mine.values(sent_at=now, error=f"未发送：{reason}", claimed_until=None))
            told = sa.update(tables.alerts).where(_ALERT.alert_id == alert_id)
            connection.execute(told.values(told=Told.SENT.value))
        after = {"pieces": len(seqs), "reason": reason}
        audit.record(connection, Deed(who, "settle_mail", "mailbox", after=after), now)


def put_off(store: Store, pieces: Sequence[Piece], until: datetime) -> None:
    """Give pieces back untried: the channel has had as many messages as it may in this minute."""
    with store.writing() as connection:
        for piece in pieces:
            mine = sa.update(tables.mail).where(_MAIL.seq == piece.seq)
            connection.execute(mine.values(not_before=until, claimed_by=None, claimed_until=None))


def posted(
    store: Store, channel: str, now: datetime, size: int, pieces: int, *, delivered: bool, error: str | None = None
) -> None:
    """Write down one attempt to send one message."""
    row = {
        "channel": channel,
        "attempted_at": now,
        "size": size,
        "pieces": pieces,
        "delivered": delivered,
        "error": error,
    }
    with store.writing() as connection:
        connection.execute(sa.insert(tables.posts), row)


def posts_since(store: Store, channel: str, since: datetime) -> int:
    """Return how many messages were tried on a channel after a moment."""
    count = sa.select(sa.func.count()).where(_POST.channel == channel, _POST.attempted_at > since)
    with store.reading() as connection:
        return int(connection.scalar(count) or 0)


def last_posts(store: Store) -> dict[str, dict[str, Any]]:
    """Return the last attempt on each channel, a test included: attempted_at, delivered, error."""
    latest = sa.select(sa.func.max(_POST.seq)).group_by(_POST.channel)
    with store.reading() as connection:
        rows = connection.execute(sa.select(tables.posts).where(_POST.seq.in_(latest))).mappings()
        return {row["channel"]: dict(row) for row in rows}


def given_up(store: Store, since: datetime) -> list[dict[str, Any]]:
    """Return the pieces nobody took and no other channel was handed, of those due after a moment, newest first."""
    lost = sa.select(tables.mail).where(_MAIL.dead.is_(True), _MAIL.via.is_(None), _MAIL.not_before > since)
    with store.reading() as connection:
        return [dict(row) for row in connection.execute(lost.order_by(_MAIL.seq.desc())).mappings()]


def waiting_since(store: Store) -> datetime | None:
    """Return the moment from which the oldest waiting piece could have gone out, None if nothing waits."""
    with store.reading() as connection:
        moment: datetime | None = connection.scalar(sa.select(sa.func.min(_MAIL.not_before)).where(_WAITING))
        return moment


def mailed(store: Store, limit: int = 100) -> list[dict[str, Any]]:
    """Return the last pieces, newest first, as rows."""
    with store.reading() as connection:
        return [
            dict(row)
            for row in connection.execute(sa.select(tables.mail).order_by(_MAIL.seq.desc()).limit(limit)).mappings()
        ]


def _hand_on(connection: sa.Connection, entry: Entry, channel: str, now: datetime) -> None:
    row = {
        "channel": channel,
        "alert_id": entry.alert_id,
        "change": entry.change.value,
        "run_id": entry.run_id,
        "city_code": entry.city_code,
        "title": entry.title,
        "body": f"{entry.body}\n（渠道 {entry.channel} 未能送达，由本渠道转告）".strip(),
        "urgent": entry.urgent,
        "not_before": now,
        "attempts": 0,
        "dead": False,
    }
    same = [_MAIL[name] == row[name] for name in ("channel", "alert_id", "change", "run_id")]
    if connection.scalar(sa.select(_MAIL.seq).where(*same)) is None:
        connection.execute(sa.insert(tables.mail), row)


def _piece(row: Mapping[Any, Any]) -> Piece:
    names = ("channel", "alert_id", "run_id", "city_code", "title", "body", "not_before", "urgent")
    entry = Entry(change=Change(row["change"]), **{name: row[name] for name in names})
    return Piece(row["seq"], entry, row["attempts"])
