"""Lives are looked up by the codes of a city's rows: the page of one item asks for their days."""

from __future__ import annotations

from alembic import op

revision: str = "0020"
down_revision: str | None = "0019"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    """Add the indexes."""
    for code in ("task_code", "task_handle_item"):
        op.create_index(f"ix_finding_lives_{code}", "finding_lives", ["city_code", code])
