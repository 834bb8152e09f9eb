"""The life of a finding from night to night."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = "0004"
down_revision: str | None = "0003"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    """Create the lives of findings and the early followers of a change."""
    op.create_table(
        "finding_lives",
        sa.Column("seq", sa.Integer, nullable=False),
        sa.Column("city_code", sa.Text, nullable=False),
        sa.Column("check", sa.Text, nullable=False),
        sa.Column("areacode", sa.Text),
        sa.Column("catalog_code", sa.Text),
        sa.Column("task_code", sa.Text),
        sa.Column("task_handle_item", sa.Text),
        sa.Column("field", sa.Text),
        sa.Column("severity", sa.Text, nullable=False),
        sa.Column("opened_run", sa.Integer, nullable=False),
        sa.Column("opened_on", sa.Date, nullable=False),
        sa.Column("confirmed_run", sa.Integer),
        sa.Column("confirmed_on", sa.Date),
        sa.Column("last_seen_on", sa.Date, nullable=False),
        sa.Column("closed_run", sa.Integer),
        sa.Column("closed_on", sa.Date),
        sa.PrimaryKeyConstraint("seq", name="pk_finding_lives"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_finding_lives_city_code", "finding_lives", ["city_code", "closed_run"])
    op.create_table(
        "followers",
        sa.Column("city_code", sa.Text, nullable=False),
        sa.Column("batch", sa.Text, nullable=False),
        sa.Column("changed_on", sa.Date, nullable=False),
        sa.Column("due_on", sa.Date, nullable=False),
        sa.Column("codes", sa.Integer, nullable=False),
        sa.Column("followed_run", sa.Integer, nullable=False),
        sa.Column("followed_on", sa.Date, nullable=False),
        sa.PrimaryKeyConstraint("city_code", "batch", name="pk_followers"),
    )
