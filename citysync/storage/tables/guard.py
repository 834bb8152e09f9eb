"""What the guard was told to let through, what that took, and the audit of everything people decided."""

from __future__ import annotations

import sqlalchemy as sa

from citysync.storage.tables.columns import Instant, Json, Words, metadata
from citysync.storage.tables.runs import of_a_verdict

# after_seq: the last run when it was given; runs up to it, replayed, must not know of it.
approvals = sa.Table(
    "approvals",
    metadata,
    sa.Column("serial", sa.Integer, primary_key=True),
    sa.Column("city_code", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("field", sa.Text),
    sa.Column("ceiling", sa.BigInteger, nullable=False),
    sa.Column("until", sa.Date, nullable=False),
    sa.Column("reason", Words, nullable=False),
    sa.Column("approved_by", Words, nullable=False),
    sa.Column("approved_at", Instant, nullable=False),
    sa.Column("after_seq", sa.Integer, nullable=False),
    sqlite_autoincrement=True,
)

# What an adopted night took of an approval.
approval_uses = of_a_verdict(
    "approval_uses",
    sa.Column("approval", sa.Integer, nullable=False),
    sa.Column("amount", sa.BigInteger, nullable=False),
)

# Append-only. hash covers everything before it in the row and the row before: see citysync.storage.audit.
audit = sa.Table(
    "audit",
    metadata,
    sa.Column("seq", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("at", Instant, nullable=False),
    sa.Column("who", Words, nullable=False),
    sa.Column("what", sa.Text, nullable=False),
    sa.Column("object", Words, nullable=False),
    sa.Column("before", Json),
    sa.Column("after", Json),
    sa.Column("run_id", sa.Text),
    sa.Column("previous", sa.Text, nullable=False),
    sa.Column("hash", sa.Text, nullable=False),
)

# One row: where the chain ends, so that removing its last rows shows.
audit_head = sa.Table(
    "audit_head",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("seq", sa.Integer, nullable=False),
    sa.Column("hash", sa.Text, nullable=False),
)
