"""What each published walk of a city cost: requests, retries, bytes, seconds by phase, and what was told of it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = "0017"
down_revision: str | None = "0016"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    """Add the efforts; of earlier runs there are none, and nobody makes them up."""
    op.create_table(
        "efforts",
        sa.Column("run_seq", sa.Integer, nullable=False),
        sa.Column("city_code", sa.Text, nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("requests", sa.Integer, nullable=False),
        sa.Column("retries", sa.Integer, nullable=False),
        sa.Column("wire_bytes", sa.BigInteger),
        sa.Column("decoded_bytes", sa.BigInteger, nullable=False),
        sa.Column("pull_seconds", sa.Float),
        sa.Column("validate_seconds", sa.Float),
        sa.Column("reconcile_seconds", sa.Float),
        sa.Column("judge_seconds", sa.Float),
        sa.Column("publish_seconds", sa.Float),
        sa.Column("steps", sa.Text, nullable=False),
        sa.Column("left_out", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("run_seq", "city_code", name="pk_efforts"),
        sa.ForeignKeyConstraint(
            ["run_seq", "city_code"],
            ["verdicts.run_seq", "verdicts.city_code"],
            name="fk_efforts_verdicts",
            ondelete="CASCADE",
        ),
    )
