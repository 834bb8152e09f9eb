"""What was counted of a city in a run, by region and department, and which receipts went out to it."""

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
