"""Scoring cities from what the ledger keeps of their last adopted run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from citysync.config.settings import Settings
from citysync.domain.tallies import COUNTS
from citysync.reports.score import Score, score
from citysync.storage import reading, tallies
from citysync.storage.schema import open_store
from flows.night import chosen


@dataclass(frozen=True)
class Scored:
    """A city's score and the business date of the run it is made from; None where nothing was ever adopted."""

    code: str
    name: str
    counted_on: date | None
    score: Score


def scores_of(
    settings: Settings, codes: tuple[str, ...], on: date, weights: Mapping[str, int] | None = None
) -> list[Scored]:
    """Return the scores of some cities (by default every enabled one) as of a day, in code order."""
    cities = chosen(settings, codes)
    with open_store(settings.database, write=False) as store:
        summed = {row["city_code"]: row for row in tallies.totals(store, on=on, cities=tuple(cities))}
        runs = {row["city_code"]: row for row in tallies.counted_on(store, on=on, cities=tuple(cities))}
        found = []
        for code, city in cities.items():
            run = runs.get(code)
            if run is None:
                found.append(Scored(code, city.name, None, score([], [], {})))
                continue
            counts = {name: int(summed[code][name]) for name in COUNTS} if code in summed else {}
            findings = reading.findings(store, code, run_id=run["run_id"]).rows
            rejected = reading.rejections(store, code, run_id=run["run_id"]).rows
            result = score(findings, rejected, {**run["counts"], **counts}, weights)
            found.append(Scored(code, city.name, run["business_date"], result))
        return found
