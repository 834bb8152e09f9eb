"""Changes of identity of items: what was proposed, and what a person decided. Decisions are only ever added.

Rehearsals of a change stand here too: what would have become of every city.
"""

from __future__ import annotations

import sqlalchemy as sa

from citysync.storage.tables.columns import Instant, Json, Words, metadata

# key: scope and codes as one text, so that the same change is proposed once, however many nights see it.
identity_proposals = sa.Table(
    "identity_proposals",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("city_code", sa.Text, nullable=False),
    sa.Column("key", Words, nullable=False),
    sa.Column("change", sa.Text, nullable=False),
    sa.Column("scope", sa.Text, nullable=False),
    sa.Column("before", Json, nullable=False),
    sa.Column("after", Json, nullable=False),
    sa.Column("before_name", Words),
    sa.Column("after_name", Words),
    sa.Column("score", sa.Float, nullable=False),
    sa.Column("evidence", Words, nullable=False),
    sa.Column("first_seen_on", sa.Date, nullable=False),
    sa.Column("last_seen_on", sa.Date, nullable=False),
    sa.Column("first_run_id", sa.Text, nullable=False),
    sa.Column("last_run_id", sa.Text, nullable=False),
    sa.UniqueConstraint("city_code", "key"),
    sqlite_autoincrement=True,
)

# fingerprint: of the catalogue the rehearsal judged by; turns: per city, its states before, after and in the end.
rehearsals = sa.Table(
    "rehearsals",
    metadata,
    sa.Column("seq", sa.Integer, primary_key=True),
    sa.Column("rehearsed_at", Instant, nullable=False),
    sa.Column("business_date", sa.Date, nullable=False),
    sa.Column("master", Words),
    sa.Column("rules", Words),
    sa.Column("fingerprint", sa.Text, nullable=False, index=True),
    sa.Column("text", Words, nullable=False),
    sa.Column("turns", Json, nullable=False),
    sqlite_autoincrement=True,
)

# after_run_seq: the last run there was; runs after it are judged by the decision, whatever the clocks say.
identity_decisions = sa.Table(
    "identity_decisions",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("proposal_id", sa.ForeignKey("identity_proposals.id", ondelete="CASCADE"), nullable=False, index=True),
    sa.Column("decision", sa.Text, nullable=False),
    sa.Column("reason", Words),
    sa.Column("decided_by", Words, nullable=False),
    sa.Column("decided_at", Instant, nullable=False),
    sa.Column("effective_on", sa.Date, nullable=False),
    sa.Column("after_run_seq", sa.Integer, nullable=False),
    sqlite_autoincrement=True,
)
