"""Items that changed their code or name, proposed and confirmed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = "0005"
down_revision: str | None = "0004"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    """Add the proposals, the decisions on them and the rehearsals."""
    _proposals()
    _decisions()
    _rehearsals()


def _proposals() -> None:
    op.create_table(
        "identity_proposals",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("city_code", sa.Text, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("change", sa.Text, nullable=False),
        sa.Column("scope", sa.Text, nullable=False),
        sa.Column("before", sa.Text, nullable=False),
        sa.Column("after", sa.Text, nullable=False),
        sa.Column("before_name", sa.Text),
        sa.Column("after_name", sa.Text),
        sa.Column("score", sa.Float, nullable=False),
        sa.Column("evidence", sa.Text, nullable=False),
        sa.Column("first_seen_on", sa.Date, nullable=False),
        sa.Column("last_seen_on", sa.Date, nullable=False),
        sa.Column("first_run_id", sa.Text, nullable=False),
        sa.Column("last_run_id", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_identity_proposals"),
        sa.UniqueConstraint("city_code", "key", name="uq_identity_proposals_city_code"),
        sqlite_autoincrement=True,
    )


def _decisions() -> None:
    op.create_table(
        "identity_decisions",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("proposal_id", sa.Integer, nullable=False),
        sa.Column("decision", sa.Text, nullable=False),
        sa.Column("reason", sa.Text),
        sa.Column("decided_by", sa.Text, nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("effective_on", sa.Date, nullable=False),
        sa.Column("after_run_seq", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_identity_decisions"),
        sa.ForeignKeyConstraint(
            ["proposal_id"],
            ["identity_proposals.id"],
            name="fk_identity_decisions_identity_proposals",
            ondelete="CASCADE",
        ),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_identity_decisions_proposal_id", "identity_decisions", ["proposal_id"])


def _rehearsals() -> None:
    op.create_table(
        "rehearsals",
        sa.Column("seq", sa.Integer, nullable=False),
        sa.Column("rehearsed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("business_date", sa.Date, nullable=False),
        sa.Column("master", sa.Text),
        sa.Column("rules", sa.Text),
        sa.Column("fingerprint", sa.Text, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("turns", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_rehearsals"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_rehearsals_fingerprint", "rehearsals", ["fingerprint"])
