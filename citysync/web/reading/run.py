"""The facts of one run: what it was asked, what it took from each city the asker may see, what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from citysync.reports.document import Document, document
from citysync.storage import strips
from citysync.web.problems import NotThere
from citysync.web.reading.reader import Reader
from flows.standing import published_in

Row = Mapping[str, Any]


@dataclass(frozen=True)
class RunFacts:
    """``run``: its row of the ledger; ``told``: its document, of the cities the asker may see; ``pulled``: by city."""

    run: Row
    told: Document
    verdicts: tuple[Row, ...]
    pulled: Mapping[str, Row]


def run_facts(reader: Reader, run_id: str) -> RunFacts:
    """Return a run's facts; raise ``NotThere`` for one nobody knows, or without any city the asker may see."""
    result = published_in(reader.store, run_id)
    seen = [row for row in result.verdicts if reader.principal.may_see(row["code"])]
    if result.run is None or (result.verdicts and not seen):
        raise NotThere(run_id)
    pulled = {code: row for code, row in strips.pulled(reader.store, run_id).items() if reader.principal.may_see(code)}
    return RunFacts(result.run, document(result.run, seen), tuple(seen), pulled)
