"""What the guard holds, who let it through, and the audit of such decisions."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = "0003"
down_revision: str | None = "0002"
branch_labels: str | None = None
depends_on: str | None = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Add approvals and what they let through, the audit, and the fingerprint of a snapshot's content."""
    _approvals()
    _audit()
    op.add_column("snapshots", sa.Column("content", sa.Text))


def _approvals() -> None:
    op.create_table(
        "approvals",
        sa.Column("serial", sa.Integer, nullable=False),
        sa.Column("city_code", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("field", sa.Text),
        sa.Column("ceiling", sa.BigInteger, nullable=False),
        sa.Column("until", sa.Date, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("approved_by", sa.Text, nullable=False),
        sa.Column("approved_at", INSTANT, nullable=False),
        sa.Column("after_seq", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("serial", name="pk_approvals"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "approval_uses",
        sa.Column("run_seq", sa.Integer, nullable=False),
        sa.Column("city_code", sa.Text, nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("approval", sa.Integer, nullable=False),
        sa.Column("amount", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("run_seq", "city_code", "position", name="pk_approval_uses"),
        sa.ForeignKeyConstraint(
            ["run_seq", "city_code"],
            ["verdicts.run_seq", "verdicts.city_code"],
            name="fk_approval_uses_verdicts",
            ondelete="CASCADE",
        ),
    )


def _audit() -> None:
    op.create_table(
        "audit",
        sa.Column("seq", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("who", sa.Text, nullable=False),
        sa.Column("what", sa.Text, nullable=False),
        sa.Column("object", sa.Text, nullable=False),
        sa.Column("before", sa.Text),
        sa.Column("after", sa.Text),
        sa.Column("run_id", sa.Text),
        sa.Column("previous", sa.Text, nullable=False),
        sa.Column("hash", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_audit"),
    )
    op.create_table(
        "audit_head",
        sa.Column("id", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("seq", sa.Integer, nullable=False),
        sa.Column("hash", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit_head"),
    )
