"""Lives of findings, one row from the run that opened it to the run that closed it; a relapse is another row."""

from __future__ import annotations

import sqlalchemy as sa

from citysync.storage.tables.columns import metadata

# Runs are named by their number, without a foreign key: how long a finding has been known outlives old runs.
finding_lives = sa.Table(
    "finding_lives",
    metadata,
    sa.Column("seq", sa.Integer, primary_key=True),
    sa.Column("city_code", sa.Text, nullable=False),
    sa.Column("check", sa.Text, nullable=False),
    sa.Column("areacode", sa.Text),
    sa.Column("catalog_code", sa.Text),
    sa.Column("task_code", sa.Text),
    sa.Column("task_handle_item", sa.Text),
    sa.Column("field", sa.Text),
    sa.Column("severity", sa.Text, nullable=False),
    sa.Column("opened_run", sa.Integer, nullable=False),
    sa.Column("opened_on", sa.Date, nullable=False),
    sa.Column("confirmed_run", sa.Integer),
    sa.Column("confirmed_on", sa.Date),
    sa.Column("last_seen_on", sa.Date, nullable=False),
    sa.Column("closed_run", sa.Integer),
    sa.Column("closed_on", sa.Date),
    sa.Index("ix_finding_lives_city_code", "city_code", "closed_run"),
    sa.Index("ix_finding_lives_catalog_code", "city_code", "catalog_code"),
    sa.Index("ix_finding_lives_task_code", "city_code", "task_code"),
    sa.Index("ix_finding_lives_task_handle_item", "city_code", "task_handle_item"),
    sqlite_autoincrement=True,
)

# Cities that follow a batch of changes of the master before their grace for it ends.
followers = sa.Table(
    "followers",
    metadata,
    sa.Column("city_code", sa.Text, primary_key=True),
    sa.Column("batch", sa.Text, primary_key=True),
    sa.Column("changed_on", sa.Date, nullable=False),
    sa.Column("due_on", sa.Date, nullable=False),
    sa.Column("codes", sa.Integer, nullable=False),
    sa.Column("followed_run", sa.Integer, nullable=False),
    sa.Column("followed_on", sa.Date, nullable=False),
)
