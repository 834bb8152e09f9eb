"""The ledger's tables, the same on SQLite and PostgreSQL.

Text columns have no length: nothing a city sends is cut. Instants are stored in UTC. A run's ``seq`` orders runs, never
a clock: clocks jump. What belongs to one city in one run hangs on its verdict, which is published once.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

VERSION_TABLE = "citysync_schema"
NUL_SHOWN = "␀"  # PostgreSQL's text cannot hold U+0000; its picture shows that it was sent


class Instant(sa.TypeDecorator[datetime]):
    """A moment; aware on both sides, UTC in the database (SQLite keeps no offset of its own)."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        """Refuse a moment without an offset: nobody could say later when it was."""
        del dialect
        if value is not None and value.tzinfo is None:
            raise ValueError(f"an instant needs an offset: {value!r}")
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        """Return the moment in UTC."""
        del dialect
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Json(sa.TypeDecorator[Any]):
    """A document kept as text: PostgreSQL's own JSON refuses what cities send, lone surrogates among it."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: Any | None, dialect: sa.Dialect) -> str | None:  # noqa: ANN401 - a document
        """Return the document as text every database takes."""
        del dialect
        if value is None:
            return None
        return json.dumps(value, ensure_ascii=False).encode("utf-8", "backslashreplace").decode()

    def process_result_value(self, value: str | None, dialect: sa.Dialect) -> Any | None:  # noqa: ANN401 - a document
        """Return the document."""
        del dialect
        return None if value is None else json.loads(value)


class Words(sa.TypeDecorator[str]):
    """Text from outside the frames, an error's or a URL's: what no database can hold is shown instead of refused."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: sa.Dialect) -> str | None:
        """Return the text with U+0000 and lone surrogates made visible."""
        del dialect
        if value is None:
            return None
        return value.replace("\x00", NUL_SHOWN).encode("utf-8", "backslashreplace").decode()


metadata = sa.MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(referred_table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "ix": "ix_%(table_name)s_%(column_0_name)s",
    }
)

# host, pid, heartbeat_at and lease_until say who works on a run and until when nobody else may take it over.
runs = sa.Table(
    "runs",
    metadata,
    sa.Column("seq", sa.Integer, primary_key=True),
    sa.Column("run_id", sa.Text, nullable=False, unique=True),
    sa.Column("trigger", sa.Text, nullable=False),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("business_date", sa.Date, nullable=False),
    sa.Column("started_at", Instant, nullable=False),
    sa.Column("finished_at", Instant),
    sa.Column("master_version", sa.Text),
    sa.Column("rules_version", sa.Text, nullable=False),
    sa.Column("host", sa.Text),
    sa.Column("pid", sa.Integer),
    sa.Column("heartbeat_at", Instant),
    sa.Column("lease_until", Instant),
    sa.Column("error", Words),
    sqlite_autoincrement=True,
)

# The cities a run set out to judge: the denominator, with the names of that night.
run_cities = sa.Table(
    "run_cities",
    metadata,
    sa.Column("run_seq", sa.ForeignKey("runs.seq", ondelete="CASCADE"), primary_key=True),
    sa.Column("city_code", sa.Text, primary_key=True),
    sa.Column("position", sa.Integer, nullable=False),
    sa.Column("city_name", Words, nullable=False),
)

# validated: rows of the city were accepted or rejected in this run, so that findings and rejections speak of it.
verdicts = sa.Table(
    "verdicts",
    metadata,
    sa.Column("run_seq", sa.Integer, primary_key=True),
    sa.Column("city_code", sa.Text, primary_key=True),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("since", Instant, nullable=False),
    sa.Column("judged_at", Instant, nullable=False),
    sa.Column("grade", sa.Text),
    sa.Column("axes", Json, nullable=False),
    sa.Column("reasons", Json, nullable=False),
    sa.Column("counts", Json, nullable=False),
    sa.Column("certificate", Json),
    sa.Column("validated", sa.Boolean, nullable=False),
    sa.Column("adopted", sa.Boolean, nullable=False),
    sa.ForeignKeyConstraint(
        ["run_seq", "city_code"], ["run_cities.run_seq", "run_cities.city_code"], ondelete="CASCADE"
    ),
    sa.Index("ix_verdicts_city_code", "city_code", "run_seq"),
)


def _of_a_verdict(name: str, *columns: sa.Column[Any]) -> sa.Table:
    """Return a table of numbered rows that hang on the verdict of one city in one run."""
    return sa.Table(
        name,
        metadata,
        sa.Column("run_seq", sa.Integer, primary_key=True),
        sa.Column("city_code", sa.Text, primary_key=True),
        sa.Column("position", sa.Integer, primary_key=True),
        *columns,
        sa.ForeignKeyConstraint(
            ["run_seq", "city_code"], ["verdicts.run_seq", "verdicts.city_code"], ondelete="CASCADE"
        ),
    )


# Keys and order are those of citysync.domain.findings.FINDINGS; a test holds the two together.
findings = _of_a_verdict(
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

# Keys and order are those of citysync.domain.findings.REJECTIONS.
rejections = _of_a_verdict(
    "rejections",
    sa.Column("row_no", sa.BigInteger, nullable=False),
    sa.Column("task_code", sa.Text),
    sa.Column("field", sa.Text),
    sa.Column("rule", sa.Text, nullable=False),
    sa.Column("value", sa.Text),
    sa.Column("expected", sa.Text),
    sa.Column("hint", sa.Text),
)

# position counts as they came: a second pass numbers its pages from 1 again.
pages = _of_a_verdict(
    "pages",
    sa.Column("number", sa.Integer, nullable=False),
    sa.Column("url", Words, nullable=False),
    sa.Column("sha256", sa.Text, nullable=False),
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("fetched_at", Instant, nullable=False),
)

# path is relative to the evidence folder, so that the folder can move.
snapshots = sa.Table(
    "snapshots",
    metadata,
    sa.Column("run_seq", sa.Integer, primary_key=True),
    sa.Column("city_code", sa.Text, primary_key=True),
    sa.Column("path", sa.Text, nullable=False),
    sa.Column("rows", sa.BigInteger, nullable=False),
    sa.Column("taken_at", Instant, nullable=False),
    sa.Column("source_changed_at", Instant),
    sa.Column("adopted", sa.Boolean, nullable=False),
    sa.ForeignKeyConstraint(["run_seq", "city_code"], ["verdicts.run_seq", "verdicts.city_code"], ondelete="CASCADE"),
)

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
