"""A difference is kept with the day it was first seen: lists are sorted and filtered by it without asking its lives."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = "0016"
down_revision: str | None = "0015"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    """Add the day; rows of earlier nights have none, and their lives are asked as before."""
    for table in ("findings", "rejections"):
        op.add_column(table, sa.Column("first_seen_on", sa.Date))
