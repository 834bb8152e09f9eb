"""What a city says against a finding, and what the province answers: no part of any verdict."""

from __future__ import annotations

import sqlalchemy as sa

from citysync.storage.tables.columns import Instant, Words, metadata

# A finding is named as its life is (domain.life.IDENTITY): an appeal is about a difference, whatever night shows it.
appeals = sa.Table(
    "appeals",
    metadata,
    sa.Column("serial", sa.Integer, primary_key=True),
    sa.Column("city_code", sa.Text, nullable=False),
    sa.Column("run_id", sa.Text, nullable=False),
    sa.Column("check", sa.Text, nullable=False),
    sa.Column("areacode", Words),
    sa.Column("catalog_code", Words),
    sa.Column("task_code", Words),
    sa.Column("task_handle_item", Words),
    sa.Column("field", Words),
    sa.Column("reason", Words, nullable=False),
    sa.Column("appealed_by", Words, nullable=False),
    sa.Column("appealed_at", Instant, nullable=False),
    sa.Column("answer", sa.Text),
    sa.Column("answer_reason", Words),
    sa.Column("handler", Words),
    sa.Column("answered_by", Words),
    sa.Column("answered_at", Instant),
    sa.Index("ix_appeals_city_code", "city_code"),
    sqlite_autoincrement=True,
)
