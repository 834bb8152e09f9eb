"""The master catalogue (基本目录), version by version."""

from __future__ import annotations

import sqlalchemy as sa

from citysync.storage.tables.columns import Instant, Json, Words, metadata

master_versions = sa.Table(
    "master_versions",
    metadata,
    sa.Column("seq", sa.Integer, primary_key=True),
    sa.Column("name", sa.Text, nullable=False, unique=True),
    sa.Column("effective_on", sa.Date, nullable=False),
    sa.Column("imported_at", Instant, nullable=False),
    sa.Column("source", Words, nullable=False),
    sa.Column("items", sa.Integer, nullable=False),
    sa.Column("shrink_reason", Words),
    sqlite_autoincrement=True,
)

# Keys and order are those of citysync.domain.catalogue.MASTER.
master_items = sa.Table(
    "master_items",
    metadata,
    sa.Column("version_seq", sa.ForeignKey("master_versions.seq", ondelete="CASCADE"), primary_key=True),
    sa.Column("catalog_code", sa.Text, primary_key=True),
    sa.Column("task_name", sa.Text),
    sa.Column("task_type", sa.Text),
    sa.Column("use_level", Json),
    sa.Column("dept_name", sa.Text),
    sa.Column("by_law", sa.Text),
    sa.Column("parent_code", sa.Text),
    sa.Column("limit_scene_num", sa.BigInteger),
    sa.Column("online_handle_depth", sa.Text),
    sa.Column("applies_to", Json),
    sa.Column("plan_effective_date", sa.Date),
    sa.Column("plan_cancel_date", sa.Date),
    sa.Column("task_version", sa.BigInteger),
)

# Every code changed since the first version, with the day its last change took effect.
master_changes = sa.Table(
    "master_changes",
    metadata,
    sa.Column("version_seq", sa.ForeignKey("master_versions.seq", ondelete="CASCADE"), primary_key=True),
    sa.Column("catalog_code", sa.Text, primary_key=True),
    sa.Column("changed_on", sa.Date, nullable=False),
)
