"""Who may look at the pages: tokens, of which only the hash is kept."""

from __future__ import annotations

import sqlalchemy as sa

from citysync.storage.tables.columns import Instant, Words, metadata

tokens = sa.Table(
    "tokens",
    metadata,
    sa.Column("serial", sa.Integer, primary_key=True),
    sa.Column("name", Words, nullable=False),
    sa.Column("role", sa.Text, nullable=False),
    sa.Column("city_code", sa.Text),
    sa.Column("sha256", sa.Text, nullable=False, unique=True),
    sa.Column("issued_at", Instant, nullable=False),
    sa.Column("expires_at", Instant, nullable=False),
    sa.Column("revoked_at", Instant),
    sqlite_autoincrement=True,
)
