"""The facts of one run: what it was asked, what it took from each city the asker may see, what came of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from citysync.domain.items import label
from citysync.reports.document import Document, document
from citysync.reports.efforts import total
from citysync.storage import reading, strips, walks
from citysync.storage.efforts import efforts_of
from citysync.web.problems import NotThere
from citysync.web.reading.reader import Reader
from flows.standing import published_in

Row = Mapping[str, Any]


@dataclass(frozen=True)
class RunFacts:
    """What is known of a run.

    ``run``: its row of the ledger; ``told``: its document, of the cities the asker may see; by city: ``pulled``, what
    was taken; ``lacking``, the columns its source does not have; ``attempts``, how often a worker set out;
    ``efforts``, what its walk cost, as far as it was recorded.
    """

    run: Row
    told: Document
    verdicts: tuple[Row, ...]
    pulled: Mapping[str, Row]
    lacking: Mapping[str, Sequence[str]] = field(default_factory=dict)
    attempts: Mapping[str, int] = field(default_factory=dict)
    efforts: Mapping[str, Row] = field(default_factory=dict)

    @property
    def effort(self) -> Document | None:
        """Return the sums of the walks the asker may see."""
        return total(tuple(self.efforts.values()))


def run_facts(reader: Reader, run_id: str) -> RunFacts:
    """Return a run's facts; raise ``NotThere`` for one nobody knows, or without any city the asker may see."""
    result = published_in(reader.store, run_id)
    seen = [row for row in result.verdicts if reader.principal.may_see(row["code"])]
    if result.run is None or (result.verdicts and not seen):
        raise NotThere(run_id)
    judged_by = str(result.run["run_id"]) if result.run else run_id
    pulled = {
        code: row for code, row in strips.pulled(reader.store, judged_by).items() if reader.principal.may_see(code)
    }
    attempts = Counter(row["city_code"] for row in walks.attempts_of(reader.store, judged_by))
    lacking = {row["code"]: _lacking(reader, row["code"], judged_by) for row in seen}
    efforts = _efforts(reader, seen)
    return RunFacts(result.run, document(result.run, seen), tuple(seen), pulled, lacking, attempts, efforts)


def _efforts(reader: Reader, verdicts: Sequence[Row]) -> dict[str, Row]:
    judged_by = {row["code"]: row["run_id"] for row in verdicts}
    kept = efforts_of(reader.store, set(judged_by.values()), judged_by, steps=True)
    return {code: row for (run_id, code), row in kept.items() if judged_by[code] == run_id}


def _lacking(reader: Reader, code: str, run_id: str) -> list[str]:
    rows = reading.findings(reader.store, code, run_id=run_id, check="column_absent").rows
    return [label(row["field"]) for row in rows if row["field"]]
