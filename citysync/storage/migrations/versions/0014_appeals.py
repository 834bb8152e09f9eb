"""What cities say against findings."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = "0014"
down_revision: str | None = "0013"
branch_labels: str | None = None
depends_on: str | None = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Create the table of appeals."""
    op.create_table(
        "appeals",
        sa.Column("serial", sa.Integer, nullable=False),
        sa.Column("city_code", sa.Text, nullable=False),
        sa.Column("run_id", sa.Text, nullable=False),
        sa.Column("check", sa.Text, nullable=False),
        sa.Column("areacode", sa.Text),
        sa.Column("catalog_code", sa.Text),
        sa.Column("task_code", sa.Text),
        sa.Column("task_handle_item", sa.Text),
        sa.Column("field", sa.Text),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("appealed_by", sa.Text, nullable=False),
        sa.Column("appealed_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("serial", name="pk_appeals"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_appeals_city_code", "appeals", ["city_code"])
