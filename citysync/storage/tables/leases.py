"""Who works on a city, and what follows a published verdict."""

from __future__ import annotations

import sqlalchemy as sa

from citysync.storage.tables.columns import Instant, Json, metadata

# One row per city under work. It holds as long as its run's own lease (runs.lease_until) and no longer.
city_leases = sa.Table(
    "city_leases",
    metadata,
    sa.Column("city_code", sa.Text, primary_key=True),
    sa.Column("run_seq", sa.ForeignKey("runs.seq", ondelete="CASCADE"), nullable=False, index=True),
    sa.Column("taken_at", Instant, nullable=False),
)

# One row per change of state, written with the verdict; claimed_by and claimed_until say who is telling people of it.
outbox = sa.Table(
    "outbox",
    metadata,
    sa.Column("seq", sa.Integer, primary_key=True),
    sa.Column("run_seq", sa.Integer, nullable=False),
    sa.Column("city_code", sa.Text, nullable=False),
    sa.Column("before", sa.Text),
    sa.Column("after", sa.Text, nullable=False),
    sa.Column("since", Instant, nullable=False),
    sa.Column("claimed_by", sa.Text),
    sa.Column("claimed_until", Instant),
    sa.Column("done_at", Instant),
    sa.UniqueConstraint("run_seq", "city_code"),
    sa.ForeignKeyConstraint(["run_seq", "city_code"], ["verdicts.run_seq", "verdicts.city_code"], ondelete="CASCADE"),
    sa.Index("ix_outbox_done_at", "done_at"),
    sqlite_autoincrement=True,
)

# What one walk heard from outside, so that it can be walked again; the tape itself lies with the raw pages.
# verdict: as the line said it, before the whole night may have shown that the fault was ours.
tapes = sa.Table(
    "tapes",
    metadata,
    sa.Column("run_seq", sa.Integer, primary_key=True),
    sa.Column("city_code", sa.Text, primary_key=True),
    sa.Column("sha256", sa.Text, nullable=False),
    sa.Column("verdict", Json, nullable=False),
    sa.ForeignKeyConstraint(["run_seq", "city_code"], ["verdicts.run_seq", "verdicts.city_code"], ondelete="CASCADE"),
)
