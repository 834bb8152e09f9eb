"""Sessions that can be listed and ended one by one, and failures to sign in that every process counts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = "0019"
down_revision: str | None = "0018"
branch_labels: str | None = None
depends_on: str | None = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Create both tables; whoever is signed in signs in anew."""
    op.create_table(
        "sessions",
        sa.Column("serial", sa.Integer, nullable=False),
        sa.Column("sha256", sa.Text, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("token_serial", sa.Integer),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("city_code", sa.Text),
        sa.Column("network", sa.Text, nullable=False),
        sa.Column("begun_at", INSTANT, nullable=False),
        sa.Column("until", INSTANT, nullable=False),
        sa.Column("ended_at", INSTANT),
        sa.Column("ended_by", sa.Text),
        sa.PrimaryKeyConstraint("serial", name="pk_sessions"),
        sa.UniqueConstraint("sha256", name="uq_sessions_sha256"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_sessions_subject", "sessions", ["subject"])
    op.create_table(
        "sign_in_failures",
        sa.Column("serial", sa.Integer, nullable=False),
        sa.Column("network", sa.Text, nullable=False),
        sa.Column("failed_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("serial", name="pk_sign_in_failures"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_sign_in_failures_network", "sign_in_failures", ["network"])
