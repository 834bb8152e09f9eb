"""What the retention removed from the evidence folder."""

from __future__ import annotations

import sqlalchemy as sa

from citysync.storage.tables.columns import Instant, metadata

# Written before the files go, so that no row names a file that is gone without saying so. kind: pages (and the tape)
# or snapshots; kept_days: the policy then.
purged = sa.Table(
    "purged",
    metadata,
    sa.Column("run_seq", sa.Integer, primary_key=True),
    sa.Column("city_code", sa.Text, primary_key=True),
    sa.Column("kind", sa.Text, primary_key=True),
    sa.Column("purged_at", Instant, nullable=False),
    sa.Column("kept_days", sa.Integer, nullable=False),
    sa.ForeignKeyConstraint(["run_seq", "city_code"], ["verdicts.run_seq", "verdicts.city_code"], ondelete="CASCADE"),
)
