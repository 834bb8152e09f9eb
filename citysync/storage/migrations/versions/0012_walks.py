"""Which worker walks a city of a run that another process leads."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = "0012"
down_revision: str | None = "0011"
branch_labels: str | None = None
depends_on: str | None = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Add the walks."""
    op.create_table(
        "walks",
        sa.Column("run_seq", sa.Integer, nullable=False),
        sa.Column("city_code", sa.Text, nullable=False),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("host", sa.Text, nullable=False),
        sa.Column("pid", sa.Integer),
        sa.Column("process", sa.Text),
        sa.Column("taken_at", INSTANT, nullable=False),
        sa.Column("lease_until", INSTANT, nullable=False),
        sa.Column("ended_at", INSTANT),
        sa.Column("outcome", sa.Text),
        sa.Column("error_code", sa.Text),
        sa.Column("error", sa.Text),
        sa.Column("verdict", sa.Text),
        sa.PrimaryKeyConstraint("run_seq", "city_code", "attempt", name="pk_walks"),
        sa.ForeignKeyConstraint(
            ["run_seq", "city_code"],
            ["run_cities.run_seq", "run_cities.city_code"],
            name="fk_walks_run_cities",
            ondelete="CASCADE",
        ),
    )
