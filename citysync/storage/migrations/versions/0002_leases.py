"""Who works on a city until when, and what follows a run."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = "0002"
down_revision: str | None = "0001"
branch_labels: str | None = None
depends_on: str | None = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Add the leases, the outbox and the tapes."""
    op.add_column("runs", sa.Column("process", sa.Text))
    op.add_column("runs", sa.Column("note", sa.Text))
    op.add_column("run_cities", sa.Column("served_by", sa.Integer))
    _leases()
    _outbox()
    _tapes()


def _leases() -> None:
    op.create_table(
        "city_leases",
        sa.Column("city_code", sa.Text, nullable=False),
        sa.Column("run_seq", sa.Integer, nullable=False),
        sa.Column("taken_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("city_code", name="pk_city_leases"),
        sa.ForeignKeyConstraint(["run_seq"], ["runs.seq"], name="fk_city_leases_runs", ondelete="CASCADE"),
    )
    op.create_index("ix_city_leases_run_seq", "city_leases", ["run_seq"])


def _outbox() -> None:
    op.create_table(
        "outbox",
        sa.Column("seq", sa.Integer, nullable=False),
        sa.Column("run_seq", sa.Integer, nullable=False),
        sa.Column("city_code", sa.Text, nullable=False),
        sa.Column("before", sa.Text),
        sa.Column("after", sa.Text, nullable=False),
        sa.Column("since", INSTANT, nullable=False),
        sa.Column("claimed_by", sa.Text),
        sa.Column("claimed_until", INSTANT),
        sa.Column("done_at", INSTANT),
        sa.PrimaryKeyConstraint("seq", name="pk_outbox"),
        sa.UniqueConstraint("run_seq", "city_code", name="uq_outbox_run_seq"),
        sa.ForeignKeyConstraint(
            ["run_seq", "city_code"],
            ["verdicts.run_seq", "verdicts.city_code"],
            name="fk_outbox_verdicts",
            ondelete="CASCADE",
        ),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_outbox_done_at", "outbox", ["done_at"])


def _tapes() -> None:
    op.create_table(
        "tapes",
        sa.Column("run_seq", sa.Integer, nullable=False),
        sa.Column("city_code", sa.Text, nullable=False),
        sa.Column("sha256", sa.Text, nullable=False),
        sa.Column("verdict", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("run_seq", "city_code", name="pk_tapes"),
        sa.ForeignKeyConstraint(
            ["run_seq", "city_code"],
            ["verdicts.run_seq", "verdicts.city_code"],
            name="fk_tapes_verdicts",
            ondelete="CASCADE",
        ),
    )
