"""Alerts, silences, the mailbox of what is to be told, and every attempt to tell it."""

from __future__ import annotations

import sqlalchemy as sa

from citysync.storage.tables.columns import Instant, Words, metadata

# told: no, queued, sent. At most one open alert per city, kind and fault: the index says so on both databases.
alerts = sa.Table(
    "alerts",
    metadata,
    sa.Column("seq", sa.Integer, primary_key=True),
    sa.Column("alert_id", sa.Text, nullable=False, unique=True),
    sa.Column("city_code", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("fault", sa.Text, nullable=False),
    sa.Column("opened_on", sa.Date, nullable=False),
    sa.Column("opened_run", sa.Text, nullable=False),
    sa.Column("told", sa.Text, nullable=False),
    sa.Column("level", sa.Integer, nullable=False),
    sa.Column("ack_until", sa.Date),
    sa.Column("repeated_on", sa.Date),
    sa.Column("closed_on", sa.Date),
    sa.Column("closed_run", sa.Text),
    sa.Index(
        "uq_alerts_open",
        "city_code",
        "kind",
        "fault",
        unique=True,
        sqlite_where=sa.text("closed_on IS NULL"),
        postgresql_where=sa.text("closed_on IS NULL"),
    ),
    sqlite_autoincrement=True,
)

silences = sa.Table(
    "silences",
    metadata,
    sa.Column("seq", sa.Integer, primary_key=True),
    sa.Column("city_code", sa.Text, nullable=False),
    sa.Column("until", sa.Date, nullable=False),
    sa.Column("reason", Words, nullable=False),
    sa.Column("owner", Words, nullable=False),
    sa.Column("created_at", Instant, nullable=False),
    sqlite_autoincrement=True,
)

# A run whose alerts were decided: written with them, once.
announced_runs = sa.Table(
    "announced_runs",
    metadata,
    sa.Column("run_id", sa.Text, primary_key=True),
    sa.Column("announced_at", Instant, nullable=False),
)

# One piece of a digest for one channel. dead: given up, error says why; via: the channel that it was handed on to.
mail = sa.Table(
    "mail",
    metadata,
    sa.Column("seq", sa.Integer, primary_key=True),
    sa.Column("channel", sa.Text, nullable=False),
    sa.Column("alert_id", sa.Text, nullable=False),
    sa.Column("change", sa.Text, nullable=False),
    sa.Column("run_id", sa.Text, nullable=False),
    sa.Column("city_code", sa.Text, nullable=False),
    sa.Column("title", Words, nullable=False),
    sa.Column("body", Words, nullable=False),
    sa.Column("urgent", sa.Boolean, nullable=False),
    sa.Column("not_before", Instant, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("claimed_by", sa.Text),
    sa.Column("claimed_until", Instant),
    sa.Column("sent_at", Instant),
    sa.Column("dead", sa.Boolean, nullable=False),
    sa.Column("via", sa.Text),
    sa.Column("error", Words),
    sa.UniqueConstraint("channel", "alert_id", "change", "run_id"),
    sa.Index("ix_mail_sent_at", "sent_at"),
    sqlite_autoincrement=True,
)

# Every attempt to send one message: what limits the rate, and what an operator looks at.
posts = sa.Table(
    "posts",
    metadata,
    sa.Column("seq", sa.Integer, primary_key=True),
    sa.Column("channel", sa.Text, nullable=False),
    sa.Column("attempted_at", Instant, nullable=False),
    sa.Column("size", sa.Integer, nullable=False),
    sa.Column("pieces", sa.Integer, nullable=False),
    sa.Column("delivered", sa.Boolean, nullable=False),
    sa.Column("error", Words),
    sa.Index("ix_posts_channel", "channel", "attempted_at"),
    sqlite_autoincrement=True,
)
