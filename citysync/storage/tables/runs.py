"""Runs, the cities they set out to judge, and what hangs on each verdict."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from citysync.storage.tables.columns import Instant, Json, Words, metadata

# host, pid, process, heartbeat_at and lease_until say who works on a run and until when nobody else may take it over;
# note: what was odd about the run as a whole (a clock that jumped).
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
    sa.Column("process", sa.Text),
    sa.Column("note", Words),
    sqlite_autoincrement=True,
)

# The cities a run set out to judge: the denominator, with the names of that night. served_by: the run whose result
# this run waited for and shows as its own, because that one was at work on the city already.
run_cities = sa.Table(
    "run_cities",
    metadata,
    sa.Column("run_seq", sa.ForeignKey("runs.seq", ondelete="CASCADE"), primary_key=True),
    sa.Column("city_code", sa.Text, primary_key=True),
    sa.Column("position", sa.Integer, nullable=False),
    sa.Column("city_name", Words, nullable=False),
    sa.Column("served_by", sa.Integer),
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


def of_a_verdict(name: str, *columns: sa.Column[Any]) -> sa.Table:
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


# Keys and order are those of citysync.domain.findings.FINDINGS; a test holds the two together. first_seen_on: beside
# them the first day of its lives as of the run, kept so that a list can be sorted by it; None in ledgers before 0016.
findings = of_a_verdict(
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
    sa.Column("first_seen_on", sa.Date),
)

# Keys and order are those of citysync.domain.findings.REJECTIONS; first_seen_on as above.
rejections = of_a_verdict(
    "rejections",
    sa.Column("row_no", sa.BigInteger, nullable=False),
    sa.Column("task_code", sa.Text),
    sa.Column("field", sa.Text),
    sa.Column("rule", sa.Text, nullable=False),
    sa.Column("value", sa.Text),
    sa.Column("expected", sa.Text),
    sa.Column("hint", sa.Text),
    sa.Column("first_seen_on", sa.Date),
)

# position counts as they came: a second pass numbers its pages from 1 again.
pages = of_a_verdict(
    "pages",
    sa.Column("number", sa.Integer, nullable=False),
    sa.Column("url", Words, nullable=False),
    sa.Column("sha256", sa.Text, nullable=False),
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("fetched_at", Instant, nullable=False),
)

# path is relative to the evidence folder, so that the folder can move; content tells whether the same rows came before.
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
    sa.Column("content", sa.Text),
    sa.ForeignKeyConstraint(["run_seq", "city_code"], ["verdicts.run_seq", "verdicts.city_code"], ondelete="CASCADE"),
)
