"""What the ledger remembers of a city when a run comes to it. Facts, read once, before anything is pulled.

The line decides with these and nothing else of the past, so that a replay which remembers the same says the same.
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import date, datetime

from citysync.domain.approval import Approval
from citysync.domain.clean import Clean
from citysync.domain.identity import Identity
from citysync.domain.kept_rows import KeptRows
from citysync.domain.row_texts import RowTexts
from citysync.domain.verdict import State


@dataclass(frozen=True)
class LastGood:
    """The snapshot in force: what was last adopted, dated.

    ``rows``: as text, as ``Snapshot.rows``, read where they are asked for; ``on``: its business date; ``changed_at``:
    when its source last changed, None if it said so nowhere; ``state``: what was said of it, by which
    ``rules_version`` and ``master_version``; ``index``: the hash of the kept page that the next pull goes
    on from, None where its source keeps none; ``latest``: no run after it pulled something that was not adopted;
    ``texts``: by which text each of its rows came, None where that is not known.
    """

    run_id: str
    on: date
    rows: KeptRows
    changed_at: datetime | None = None
    state: State | None = None
    rules_version: str | None = None
    master_version: str | None = None
    index: str | None = None
    latest: bool = True
    texts: RowTexts | None = None


@dataclass(frozen=True)
class Memory:
    """The past of one city, as of one run.

    ``good_counts``: rows of its last good (adopted) snapshots, oldest first; ``last_good``: the newest of them, None if
    there is none; ``lost``: why it cannot be read although there was one, for people; ``absent_before``: (areacode,
    catalog_code) of obligations that its last good pull of grade A or B saw unmet, suspected or confirmed: a night of
    grade C or X neither confirms nor clears; ``looked_before``: the areacodes which that pull was held against.

    ``good_counts`` begin anew with a snapshot that was adopted by approval: what a person accepted is the new measure.
    ``approvals``: given before the run, expired ones included; ``contents``: (fingerprint of the rows, business date)
    of its good snapshots, newest first; ``identities``: changes of identity confirmed before the run; ``clean``: rows
    that need not be validated again, None where every row is to be.
    """

    good_counts: tuple[int, ...] = ()
    last_good: LastGood | None = None
    lost: str | None = None
    absent_before: AbstractSet[tuple[str, str]] = frozenset()
    looked_before: AbstractSet[str] = frozenset()
    approvals: tuple[Approval, ...] = ()
    contents: tuple[tuple[str, date], ...] = ()
    identities: tuple[Identity, ...] = ()
    clean: Clean | None = None

    @property
    def last_count(self) -> int | None:
        """Return how many rows the last good snapshot had, None without one."""
        return self.good_counts[-1] if self.good_counts else None


FIRST_TIME = Memory()
