"""Who may look at the pages: tokens, sessions and failures to sign in; of what opens a door only the hash is kept."""

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

# subject: whose it is, as token:12 or oidc:SUB; a token's session is worth what the token is when it is asked.
sessions = sa.Table(
    "sessions",
    metadata,
    sa.Column("serial", sa.Integer, primary_key=True),
    sa.Column("sha256", sa.Text, nullable=False, unique=True),
    sa.Column("subject", Words, nullable=False, index=True),
    sa.Column("token_serial", sa.Integer),
    sa.Column("name", Words, nullable=False),
    sa.Column("role", sa.Text, nullable=False),
    sa.Column("city_code", sa.Text),
    sa.Column("network", Words, nullable=False),
    sa.Column("begun_at", Instant, nullable=False),
    sa.Column("until", Instant, nullable=False),
    sa.Column("ended_at", Instant),
    sa.Column("ended_by", Words),
    sqlite_autoincrement=True,
)

# One row per failure, for minutes only: every process that serves the pages counts the same ones.
sign_in_failures = sa.Table(
    "sign_in_failures",
    metadata,
    sa.Column("serial", sa.Integer, primary_key=True),
    sa.Column("network", Words, nullable=False, index=True),
    sa.Column("failed_at", Instant, nullable=False),
    sqlite_autoincrement=True,
)
