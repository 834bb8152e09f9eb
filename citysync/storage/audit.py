"""The audit: who decided what, append-only, each row sealed with the one before it.

A decision and its entry are written in one transaction: ``record`` takes the caller's connection. An entry that was
altered or removed afterwards breaks the chain, and ``verify`` names it.
"""

from __future__ import annotations

import hashlib
import json
import os
import pwd
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from citysync.storage import tables
from citysync.storage.engine import Store

_START = "0" * 64
_AUDIT = tables.audit.c
_SEALED = ("seq", "at", "who", "what", "object", "before", "after", "run_id", "previous")


@dataclass(frozen=True, slots=True)
class Deed:
    """One decision. ``what``: a verb, as ``approve``; ``object``: what it is about, as ``city:440300``.

    ``before``, ``after``: documents of plain JSON values, None where there is nothing; neither holds a secret.
    """

    who: str
    what: str
    object: str
    before: Any = None
    after: Any = None
    run_id: str | None = None


@dataclass(frozen=True, slots=True)
class Broken:
    """Where the chain does not hold: the entry's number and what is wrong, for people."""

    seq: int
    text: str


@dataclass(frozen=True, slots=True)
class Verified:
    """How many entries there are, and where the chain is broken (nowhere: empty)."""

    entries: int
    broken: tuple[Broken, ...]


def os_user() -> str:
    """Return the account this process runs under, as the operating system knows it: no variable can claim another."""
    uid = os.getuid()
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"uid {uid}"


def record(connection: sa.Connection, deed: Deed, now: datetime) -> int:
    """Append an entry within the caller's writing transaction and return its number."""
    if connection.dialect.name == "postgresql":  # SQLite writes one at a time anyway
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtextextended("citysync:audit", 0))))
    head = connection.execute(sa.select(tables.audit_head.c.seq, tables.audit_head.c.hash)).first()
    previous = _START if head is None else head.hash
    values = {
        "seq": 1 if head is None else head.seq + 1,
        "at": now.astimezone(UTC),
        "who": _plain(deed.who),
        "what": deed.what,
        "object": _plain(deed.object),
        "before": deed.before,
        "after": deed.after,
        "run_id": deed.run_id,
        "previous": previous,
    }
    sealed = _hash(values)
    connection.execute(sa.insert(tables.audit), {**values, "hash": sealed})
    end = {"seq": values["seq"], "hash": sealed}
    move = (
        sa.insert(tables.audit_head).values(id=1, **end) if head is None else sa.update(tables.audit_head).values(end)
    )
    connection.execute(move)
    return int(values["seq"])


def entries(store: Store, limit: int = 100) -> list[dict[str, Any]]:
    """Return the last entries, newest first; moments are ISO text."""
    query = sa.select(tables.audit).order_by(_AUDIT.seq.desc()).limit(limit)
    with store.reading() as connection:
        rows = connection.execute(query).mappings().all()
    return [{**row, "at": row["at"].isoformat()} for row in rows]


def verify(store: Store) -> Verified:
    """Walk the whole chain and name every entry that was altered, removed or put in."""
    with store.reading() as connection:
        rows = list(connection.execute(sa.select(tables.audit).order_by(_AUDIT.seq)).mappings())
        head = connection.execute(sa.select(tables.audit_head.c.seq, tables.audit_head.c.hash)).first()
    return Verified(
        len(rows), tuple(_breaks([dict(row) for row in rows], (head.seq, head.hash) if head else (0, _START)))
    )


def _breaks(rows: list[dict[str, Any]], head: tuple[int, str]) -> Iterator[Broken]:
    previous, expected = _START, 1
    for row in rows:
        seq = int(row["seq"])
        yield from (Broken(gone, f"第 {gone} 条被删除") for gone in range(expected, seq))
        if _hash(row) != row["hash"]:
            yield Broken(seq, f"第 {seq} 条（{row['what']} {row['object']}）内容被改动，与其指纹不符")
        elif seq == expected and row["previous"] != previous:
            yield Broken(seq, f"第 {seq} 条（{row['what']} {row['object']}）与上一条接不上，上一条被改动或替换")
        previous, expected = row["hash"], seq + 1
    yield from (Broken(gone, f"第 {gone} 条被删除") for gone in range(expected, head[0] + 1))
    if expected == head[0] + 1 and previous != head[1]:
        yield Broken(head[0], f"第 {head[0]} 条与末尾记录不符，被替换")
    if expected > head[0] + 1:
        yield Broken(head[0], f"末尾记录停在第 {head[0]} 条，实有到第 {expected - 1} 条；末尾记录被改动")


def _hash(row: dict[str, Any]) -> str:
    """Return the seal of an entry: SHA-256 of its values as canonical JSON, the seal before it among them."""
    values = {name: row[name] for name in _SEALED}
    values["at"] = row["at"].astimezone(UTC).isoformat(timespec="microseconds")
    text = json.dumps(values, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest()


def _plain(text: str) -> str:
    """Return text as the database gives it back, so that its seal can be checked."""
    return text.replace("\x00", tables.NUL_SHOWN).encode("utf-8", "backslashreplace").decode()
