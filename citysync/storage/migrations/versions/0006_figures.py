"""What was counted of a city in a run, for the figures, and the receipts that went out."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = "0006"
down_revision: str | None = "0005"
branch_labels: str | None = None
depends_on: str | None = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Create the tables of tallies and of receipts delivered."""
    _tallies()
    _deliveries()


def _tallies() -> None:
    op.create_table(
        "tallies",
        sa.Column("run_seq", sa.Integer, nullable=False),
        sa.Column("city_code", sa.Text, nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("areacode", sa.Text),
        sa.Column("department", sa.Text, nullable=False),
        sa.Column("due", sa.BigInteger, nullable=False),
        sa.Column("met", sa.BigInteger, nullable=False),
        sa.Column("rows", sa.BigInteger, nullable=False),
        sa.Column("visits_0", sa.BigInteger, nullable=False),
        sa.Column("visits_1", sa.BigInteger, nullable=False),
        sa.Column("visits_2", sa.BigInteger, nullable=False),
        sa.Column("visits_3", sa.BigInteger, nullable=False),
        sa.Column("visits_over_3", sa.BigInteger, nullable=False),
        sa.Column("visits_unknown", sa.BigInteger, nullable=False),
        sa.Column("within_cap", sa.BigInteger, nullable=False),
        sa.Column("online", sa.BigInteger, nullable=False),
        sa.Column("online_unknown", sa.BigInteger, nullable=False),
        sa.Column("depth_comparable", sa.BigInteger, nullable=False),
        sa.Column("depth_met", sa.BigInteger, nullable=False),
        sa.Column("days_comparable", sa.BigInteger, nullable=False),
        sa.Column("days_not_comparable", sa.BigInteger, nullable=False),
        sa.Column("days_over_legal", sa.BigInteger, nullable=False),
        sa.Column("days_promised", sa.BigInteger, nullable=False),
        sa.Column("days_legal", sa.BigInteger, nullable=False),
        sa.Column("paired", sa.BigInteger, nullable=False),
        sa.Column("agreed", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("run_seq", "city_code", "position", name="pk_tallies"),
        sa.ForeignKeyConstraint(
            ["run_seq", "city_code"],
            ["verdicts.run_seq", "verdicts.city_code"],
            name="fk_tallies_verdicts",
            ondelete="CASCADE",
        ),
    )


def _deliveries() -> None:
    op.create_table(
        "receipt_deliveries",
        sa.Column("seq", sa.Integer, nullable=False),
        sa.Column("run_id", sa.Text, nullable=False),
        sa.Column("city_code", sa.Text, nullable=False),
        sa.Column("way", sa.Text, nullable=False),
        sa.Column("target", sa.Text, nullable=False),
        sa.Column("delivered", sa.Boolean, nullable=False),
        sa.Column("problems", sa.Integer, nullable=False),
        sa.Column("attempted_at", INSTANT, nullable=False),
        sa.Column("error", sa.Text),
        sa.PrimaryKeyConstraint("seq", name="pk_receipt_deliveries"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_receipt_deliveries_city_code", "receipt_deliveries", ["city_code", "seq"])
