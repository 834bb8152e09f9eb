"""What each published walk of a city cost."""

from __future__ import annotations

import sqlalchemy as sa

from citysync.domain.effort import JUDGE, PUBLISH, PULL, RECONCILE, VALIDATE
from citysync.storage.tables.columns import Instant, Json, metadata

SECONDS = {phase: f"{phase}_seconds" for phase in (PULL, VALIDATE, RECONCILE, JUDGE, PUBLISH)}

# Only of walks that came to their end in a version that counts: a run without a row here was not recorded, not free.
# wire_bytes: None where nobody sees the wire; *_seconds: None of a phase that was not reached; steps: pairs of seconds
# and text, left_out: how many lines between the first and the last of them were not kept.
efforts = sa.Table(
    "efforts",
    metadata,
    sa.Column("run_seq", sa.Integer, primary_key=True),
    sa.Column("city_code", sa.Text, primary_key=True),
    sa.Column("began_at", Instant, nullable=False),
    sa.Column("requests", sa.Integer, nullable=False),
    sa.Column("retries", sa.Integer, nullable=False),
    sa.Column("wire_bytes", sa.BigInteger),
    sa.Column("decoded_bytes", sa.BigInteger, nullable=False),
    *(sa.Column(name, sa.Float) for name in SECONDS.values()),
    sa.Column("steps", Json, nullable=False),
    sa.Column("left_out", sa.Integer, nullable=False),
    sa.ForeignKeyConstraint(["run_seq", "city_code"], ["verdicts.run_seq", "verdicts.city_code"], ondelete="CASCADE"),
)
