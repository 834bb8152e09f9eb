"""What the province answers to an appeal."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = "0018"
down_revision: str | None = "0017"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    """Add the answer; appeals of before have none and wait for one."""
    for name in ("answer", "answer_reason", "handler", "answered_by"):
        op.add_column("appeals", sa.Column(name, sa.Text))
    op.add_column("appeals", sa.Column("answered_at", sa.DateTime(timezone=True)))
