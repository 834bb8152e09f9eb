"""What the retention removed from the evidence folder."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = "0010"
down_revision: str | None = "0009"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    """Add the record of evidence that was removed."""
    op.create_table(
        "purged",
        sa.Column("run_seq", sa.Integer, nullable=False),
        sa.Column("city_code", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("purged_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kept_days", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("run_seq", "city_code", "kind", name="pk_purged"),
        sa.ForeignKeyConstraint(
            ["run_seq", "city_code"],
            ["verdicts.run_seq", "verdicts.city_code"],
            name="fk_purged_verdicts",
            ondelete="CASCADE",
        ),
    )
