"""Rehearsals kept, so that an import can say whether its catalogue was rehearsed."""

from __future__ import annotations

import hashlib
from dataclasses import asdict
from typing import Any

import polars as pl
import sqlalchemy as sa

from citysync.domain.catalogue import MASTER
from citysync.domain.rehearsal import Rehearsal
from citysync.storage import tables
from citysync.storage.engine import Store

_REHEARSAL = tables.rehearsals.c


def fingerprint(items: pl.DataFrame) -> str:
    """Return the SHA-256 of a catalogue's content, whatever the order of rows and of a list's members."""
    lists = [pl.col(name).list.sort().list.join(",").fill_null("") for name in ("use_level", "applies_to")]
    rows = items.select(list(MASTER)).with_columns(*lists).sort("catalog_code")
    return hashlib.sha256(rows.write_csv().encode()).hexdigest()


def record(store: Store, done: Rehearsal) -> None:
    """Keep a rehearsal: what was asked, by which catalogue, and what it found."""
    turns = [asdict(turn) for turn in done.turns]
    row = {
        "rehearsed_at": done.at,
        "business_date": done.on,
        "master": done.master,
        "rules": done.rules,
        "fingerprint": fingerprint(done.catalogue.items),
        "text": done.text,
        "turns": turns,
    }
    with store.writing() as connection:
        connection.execute(sa.insert(tables.rehearsals), row)


def last_of(store: Store, items: pl.DataFrame) -> dict[str, Any] | None:
    """Return the last rehearsal of exactly this catalogue (rehearsed_at, text), None if it never was rehearsed."""
    query = (
        sa.select(_REHEARSAL.rehearsed_at, _REHEARSAL.text)
        .where(_REHEARSAL.fingerprint == fingerprint(items), _REHEARSAL.master.is_not(None))
        .order_by(_REHEARSAL.seq.desc())
        .limit(1)
    )
    with store.reading() as connection:
        row = connection.execute(query).mappings().first()
    return None if row is None else {"rehearsed_at": row["rehearsed_at"].isoformat(), "text": row["text"]}
