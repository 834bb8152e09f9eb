"""What citizens say of an item in a city."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = "0013"
down_revision: str | None = "0012"
branch_labels: str | None = None
depends_on: str | None = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Create the table of signals."""
    op.create_table(
        "feedback",
        sa.Column("serial", sa.Integer, nullable=False),
        sa.Column("city_code", sa.Text, nullable=False),
        sa.Column("catalog_code", sa.Text, nullable=False),
        sa.Column("visits", sa.Integer, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("received_at", INSTANT, nullable=False),
        sa.Column("standing", sa.Text, nullable=False),
        sa.Column("decided_by", sa.Text),
        sa.Column("decided_at", INSTANT),
        sa.PrimaryKeyConstraint("serial", name="pk_feedback"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_feedback_source", "feedback", ["source", "received_at"])
    op.create_index("ix_feedback_standing", "feedback", ["standing", "city_code"])
