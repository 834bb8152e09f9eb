"""The ledger's tables, the same on SQLite and PostgreSQL.

Text columns have no length: nothing a city sends is cut. Instants are stored in UTC. A run's ``seq`` orders runs, never
a clock: clocks jump. What belongs to one city in one run hangs on its verdict, which is published once.
"""

from __future__ import annotations

from citysync.storage.tables.access import sessions, sign_in_failures, tokens
from citysync.storage.tables.alerts import alerts, announced_runs, mail, posts, silences
from citysync.storage.tables.appeals import appeals
from citysync.storage.tables.columns import NUL_SHOWN, VERSION_TABLE, Instant, Json, Words, metadata
from citysync.storage.tables.efforts import SECONDS, efforts
from citysync.storage.tables.feedback import feedback
from citysync.storage.tables.figures import deliveries, receipt_outbox, tallies
from citysync.storage.tables.guard import approval_uses, approvals, audit, audit_head
from citysync.storage.tables.identity import identity_decisions, identity_proposals, rehearsals
from citysync.storage.tables.leases import city_leases, outbox, tapes
from citysync.storage.tables.life import finding_lives, followers
from citysync.storage.tables.master import master_changes, master_items, master_versions
from citysync.storage.tables.purged import purged
from citysync.storage.tables.runs import findings, pages, rejections, run_cities, runs, snapshots, verdicts
from citysync.storage.tables.walks import walks

__all__ = [
    "NUL_SHOWN",
    "SECONDS",
    "VERSION_TABLE",
    "Instant",
    "Json",
    "Words",
    "alerts",
    "announced_runs",
    "appeals",
    "approval_uses",
    "approvals",
    "audit",
    "audit_head",
    "city_leases",
    "deliveries",
    "efforts",
    "feedback",
    "finding_lives",
    "findings",
    "followers",
    "identity_decisions",
    "identity_proposals",
    "mail",
    "master_changes",
    "master_items",
    "master_versions",
    "metadata",
    "outbox",
    "pages",
    "posts",
    "purged",
    "receipt_outbox",
    "rehearsals",
    "rejections",
    "run_cities",
    "runs",
    "sessions",
    "sign_in_failures",
    "silences",
    "snapshots",
    "tallies",
    "tapes",
    "tokens",
    "verdicts",
    "walks",
]
