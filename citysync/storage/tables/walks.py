"""Which worker walks a city of a run that another process leads."""

from __future__ import annotations

import sqlalchemy as sa

from citysync.storage.tables.columns import Instant, Json, Words, metadata

# One row per attempt, so that a night tells which worker was lost and who took over. outcome: how it ended;
# verdict: only of a walk that published nothing, because the city asked us to wait.
walks = sa.Table(
    "walks",
    metadata,
    sa.Column("run_seq", sa.Integer, primary_key=True),
    sa.Column("city_code", sa.Text, primary_key=True),
    sa.Column("attempt", sa.Integer, primary_key=True),
    sa.Column("host", sa.Text, nullable=False),
    sa.Column("pid", sa.Integer),
    sa.Column("process", sa.Text),
    sa.Column("taken_at", Instant, nullable=False),
    sa.Column("lease_until", Instant, nullable=False),
    sa.Column("ended_at", Instant),
    sa.Column("outcome", sa.Text),
    sa.Column("error_code", sa.Text),
    sa.Column("error", Words),
    sa.Column("verdict", Json),
    sa.ForeignKeyConstraint(
        ["run_seq", "city_code"], ["run_cities.run_seq", "run_cities.city_code"], ondelete="CASCADE"
    ),
)
