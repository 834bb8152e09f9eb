"""The first ledger: runs, verdicts and what hangs on them, and the master catalogue."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision: str = "0001"
down_revision: str | None = None
branch_labels: str | None = None
depends_on: str | None = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Create every table of the first ledger."""
    _runs()
    _verdicts()
    _differences()
    _evidence()
    _master()
    _changes()


def _runs() -> None:
    op.create_table(
        "runs",
        sa.Column("seq", sa.Integer, nullable=False),
        sa.Column("run_id", sa.Text, nullable=False),
        sa.Column("trigger", sa.Text, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("business_date", sa.Date, nullable=False),
        sa.Column("started_at", INSTANT, nullable=False),
        sa.Column("finished_at", INSTANT),
        sa.Column("master_version", sa.Text),
        sa.Column("rules_version", sa.Text, nullable=False),
        sa.Column("host", sa.Text),
        sa.Column("pid", sa.Integer),
        sa.Column("heartbeat_at", INSTANT),
        sa.Column("lease_until", INSTANT),
        sa.Column("error", sa.Text),
        sa.PrimaryKeyConstraint("seq", name="pk_runs"),
        sa.UniqueConstraint("run_id", name="uq_runs_run_id"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "run_cities",
        sa.Column("run_seq", sa.Integer, nullable=False),
        sa.Column("city_code", sa.Text, nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("city_name", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("run_seq", "city_code", name="pk_run_cities"),
        sa.ForeignKeyConstraint(["run_seq"], ["runs.seq"], name="fk_run_cities_runs", ondelete="CASCADE"),
    )


def _verdicts() -> None:
    op.create_table(
        "verdicts",
        sa.Column("run_seq", sa.Integer, nullable=False),
        sa.Column("city_code", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("since", INSTANT, nullable=False),
        sa.Column("judged_at", INSTANT, nullable=False),
        sa.Column("grade", sa.Text),
        sa.Column("axes", sa.Text, nullable=False),
        sa.Column("reasons", sa.Text, nullable=False),
        sa.Column("counts", sa.Text, nullable=False),
        sa.Column("certificate", sa.Text),
        sa.Column("validated", sa.Boolean, nullable=False),
        sa.Column("adopted", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("run_seq", "city_code", name="pk_verdicts"),
        sa.ForeignKeyConstraint(
            ["run_seq", "city_code"],
            ["run_cities.run_seq", "run_cities.city_code"],
            name="fk_verdicts_run_cities",
            ondelete="CASCADE",
        ),
    )
    op.create_index("ix_verdicts_city_code", "verdicts", ["city_code", "run_seq"])


def _of_a_verdict(name: str, *columns: sa.Column[Any], key: tuple[str, ...] = ("position",)) -> None:
    op.create_table(
        name,
        sa.Column("run_seq", sa.Integer, nullable=False),
        sa.Column("city_code", sa.Text, nullable=False),
        *(sa.Column(column, sa.Integer, nullable=False) for column in key),
        *columns,
        sa.PrimaryKeyConstraint("run_seq", "city_code", *key, name=f"pk_{name}"),
        sa.ForeignKeyConstraint(
            ["run_seq", "city_code"],
            ["verdicts.run_seq", "verdicts.city_code"],
            name=f"fk_{name}_verdicts",
            ondelete="CASCADE",
        ),
    )


def _differences() -> None:
    _of_a_verdict(
        "findings",
        sa.Column("check", sa.Text, nullable=False),
        sa.Column("severity", sa.Text, nullable=False),
        sa.Column("fault", sa.Text, nullable=False),
        sa.Column("suspected", sa.Boolean, nullable=False),
        sa.Column("task_code", sa.Text),
        sa.Column("task_handle_item", sa.Text),
        sa.Column("catalog_code", sa.Text),
        sa.Column("areacode", sa.Text),
        sa.Column("field", sa.Text),
        sa.Column("expected", sa.Text),
        sa.Column("actual", sa.Text),
        sa.Column("due_on", sa.Date),
        sa.Column("exempt_reason", sa.Text),
        sa.Column("hint", sa.Text),
    )
    _of_a_verdict(
        "rejections",
        sa.Column("row_no", sa.BigInteger, nullable=False),
        sa.Column("task_code", sa.Text),
        sa.Column("field", sa.Text),
        sa.Column("rule", sa.Text, nullable=False),
        sa.Column("value", sa.Text),
        sa.Column("expected", sa.Text),
        sa.Column("hint", sa.Text),
    )


def _evidence() -> None:
    _of_a_verdict(
        "pages",
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("url", sa.Text, nullable=False),
        sa.Column("sha256", sa.Text, nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("fetched_at", INSTANT, nullable=False),
    )
    _of_a_verdict(
        "snapshots",
        sa.Column("path", sa.Text, nullable=False),
        sa.Column("rows", sa.BigInteger, nullable=False),
        sa.Column("taken_at", INSTANT, nullable=False),
        sa.Column("source_changed_at", INSTANT),
        sa.Column("adopted", sa.Boolean, nullable=False),
        key=(),
    )


def _master() -> None:
    op.create_table(
        "master_versions",
        sa.Column("seq", sa.Integer, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("effective_on", sa.Date, nullable=False),
        sa.Column("imported_at", INSTANT, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("items", sa.Integer, nullable=False),
        sa.Column("shrink_reason", sa.Text),
        sa.PrimaryKeyConstraint("seq", name="pk_master_versions"),
        sa.UniqueConstraint("name", name="uq_master_versions_name"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "master_items",
        sa.Column("version_seq", sa.Integer, nullable=False),
        sa.Column("catalog_code", sa.Text, nullable=False),
        sa.Column("task_name", sa.Text),
        sa.Column("task_type", sa.Text),
        sa.Column("use_level", sa.Text),
        sa.Column("dept_name", sa.Text),
        sa.Column("by_law", sa.Text),
        sa.Column("parent_code", sa.Text),
        sa.Column("limit_scene_num", sa.BigInteger),
        sa.Column("online_handle_depth", sa.Text),
        sa.Column("applies_to", sa.Text),
        sa.Column("plan_effective_date", sa.Date),
        sa.Column("plan_cancel_date", sa.Date),
        sa.Column("task_version", sa.BigInteger),
        sa.PrimaryKeyConstraint("version_seq", "catalog_code", name="pk_master_items"),
        sa.ForeignKeyConstraint(
            ["version_seq"], ["master_versions.seq"], name="fk_master_items_master_versions", ondelete="CASCADE"
        ),
    )


def _changes() -> None:
    op.create_table(
        "master_changes",
        sa.Column("version_seq", sa.Integer, nullable=False),
        sa.Column("catalog_code", sa.Text, nullable=False),
        sa.Column("changed_on", sa.Date, nullable=False),
        sa.PrimaryKeyConstraint("version_seq", "catalog_code", name="pk_master_changes"),
        sa.ForeignKeyConstraint(
            ["version_seq"], ["master_versions.seq"], name="fk_master_changes_master_versions", ondelete="CASCADE"
        ),
    )
