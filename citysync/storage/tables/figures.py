"""What was counted of a city in a run, by region and department, and which receipts are due and went out to it."""

from __future__ import annotations

import sqlalchemy as sa

from citysync.domain.tallies import COUNTS
from citysync.storage.tables.columns import Instant, Words, metadata
from citysync.storage.tables.runs import of_a_verdict

# Keys and order are those of citysync.domain.tallies; a test holds the two together.
tallies = of_a_verdict(
    "tallies",
    sa.Column("areacode", sa.Text),
    sa.Column("department", sa.Text, nullable=False),
    *(sa.Column(name, sa.BigInteger, nullable=False) for name in COUNTS),
)

# A receipt that was handed over: where to (an address without secrets), how, and what came of it.
deliveries = sa.Table(
    "receipt_deliveries",
    metadata,
    sa.Column("seq", sa.Integer, primary_key=True),
    sa.Column("run_id", sa.Text, nullable=False),
    sa.Column("city_code", sa.Text, nullable=False),
    sa.Column("way", sa.Text, nullable=False),
    sa.Column("target", Words, nullable=False),
    sa.Column("delivered", sa.Boolean, nullable=False),
    sa.Column("problems", sa.Integer, nullable=False),
    sa.Column("attempted_at", Instant, nullable=False),
    sa.Column("error", Words),
    sa.Index("ix_receipt_deliveries_city_code", "city_code", "seq"),
    sqlite_autoincrement=True,
)

# A receipt that is due: one row per published result and way, written with the verdict. outcome: None while it waits.
receipt_outbox = sa.Table(
    "receipt_outbox",
    metadata,
    sa.Column("seq", sa.Integer, primary_key=True),
    sa.Column("run_seq", sa.Integer, nullable=False),
    sa.Column("city_code", sa.Text, nullable=False),
    sa.Column("way", sa.Text, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("not_before", Instant, nullable=False),
    sa.Column("claimed_until", Instant),
    sa.Column("done_at", Instant),
    sa.Column("outcome", sa.Text),
    sa.Column("error", Words),
    sa.UniqueConstraint("run_seq", "city_code", "way"),
    sa.ForeignKeyConstraint(["run_seq", "city_code"], ["verdicts.run_seq", "verdicts.city_code"], ondelete="CASCADE"),
    sa.Index("ix_receipt_outbox_city_code", "city_code", "way", "seq"),
    sqlite_autoincrement=True,
)
