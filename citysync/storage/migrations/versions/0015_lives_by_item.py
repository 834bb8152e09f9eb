"""Lives are looked up by item: a page of a hundred differences asks for their days."""

from __future__ import annotations

from alembic import op

revision: str = "0015"
down_revision: str | None = "0014"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    """Add the index."""
    op.create_index("ix_finding_lives_catalog_code", "finding_lives", ["city_code", "catalog_code"])
