"""Alerts and their deliveries."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = "0007"
down_revision: str | None = "0006"
branch_labels: str | None = None
depends_on: str | None = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Create the tables of alerts, silences and mail."""
    _alerts()
    _silences()
    _mail()


def _alerts() -> None:
    op.create_table(
        "alerts",
        sa.Column("seq", sa.Integer, nullable=False),
        sa.Column("alert_id", sa.Text, nullable=False),
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
        sa.PrimaryKeyConstraint("seq", name="pk_alerts"),
        sa.UniqueConstraint("alert_id", name="uq_alerts_alert_id"),
        sqlite_autoincrement=True,
    )
    still_open = sa.text("closed_on IS NULL")
    op.create_index(
        "uq_alerts_open",
        "alerts",
        ["city_code", "kind", "fault"],
        unique=True,
        sqlite_where=still_open,
        postgresql_where=still_open,
    )


def _silences() -> None:
    op.create_table(
        "silences",
        sa.Column("seq", sa.Integer, nullable=False),
        sa.Column("city_code", sa.Text, nullable=False),
        sa.Column("until", sa.Date, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("owner", sa.Text, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_silences"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "announced_runs",
        sa.Column("run_id", sa.Text, nullable=False),
        sa.Column("announced_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("run_id", name="pk_announced_runs"),
    )


def _mail() -> None:
    op.create_table(
        "mail",
        sa.Column("seq", sa.Integer, nullable=False),
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("alert_id", sa.Text, nullable=False),
        sa.Column("change", sa.Text, nullable=False),
        sa.Column("run_id", sa.Text, nullable=False),
        sa.Column("city_code", sa.Text, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("urgent", sa.Boolean, nullable=False),
        sa.Column("not_before", INSTANT, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("claimed_by", sa.Text),
        sa.Column("claimed_until", INSTANT),
        sa.Column("sent_at", INSTANT),
        sa.Column("dead", sa.Boolean, nullable=False),
        sa.Column("via", sa.Text),
        sa.Column("error", sa.Text),
        sa.PrimaryKeyConstraint("seq", name="pk_mail"),
        sa.UniqueConstraint("channel", "alert_id", "change", "run_id", name="uq_mail_channel"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_mail_sent_at", "mail", ["sent_at"])
    op.create_table(
        "posts",
        sa.Column("seq", sa.Integer, nullable=False),
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("attempted_at", INSTANT, nullable=False),
        sa.Column("size", sa.Integer, nullable=False),
        sa.Column("pieces", sa.Integer, nullable=False),
        sa.Column("delivered", sa.Boolean, nullable=False),
        sa.Column("error", sa.Text),
        sa.PrimaryKeyConstraint("seq", name="pk_posts"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_posts_channel", "posts", ["channel", "attempted_at"])
