"""What citizens say of an item in a city, kept as a signal for people to look into."""

from __future__ import annotations

import sqlalchemy as sa

from citysync.storage.tables.columns import Instant, Words, metadata

feedback = sa.Table(
    "feedback",
    metadata,
    sa.Column("serial", sa.Integer, primary_key=True),
    sa.Column("city_code", sa.Text, nullable=False),
    sa.Column("catalog_code", sa.Text, nullable=False),
    sa.Column("visits", sa.Integer, nullable=False),
    sa.Column("text", Words, nullable=False),
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("received_at", Instant, nullable=False),
    sa.Column("standing", sa.Text, nullable=False),
    sa.Column("decided_by", Words),
    sa.Column("decided_at", Instant),
    sa.Index("ix_feedback_source", "source", "received_at"),
    sa.Index("ix_feedback_standing", "standing", "city_code"),
    sqlite_autoincrement=True,
)
