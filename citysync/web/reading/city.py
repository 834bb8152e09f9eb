"""The facts of one city's pages: its standing, what is open by county and by rule, its days, its runs, its notices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from citysync.domain.city import City
from citysync.domain.feedback import Standing
from citysync.domain.life import REJECTED
from citysync.reports.document import Document, document
from citysync.storage import alerting, feedback, strips
from citysync.storage.efforts import efforts_of
from citysync.storage.past import adopted_snapshots
from citysync.web.reading.differences import kept_facets
from citysync.web.reading.province import STRIP_DAYS, Night, deadlines, nights_of, weights_of
from citysync.web.reading.reader import Reader
from flows.standing import standing_in

Row = Mapping[str, Any]


@dataclass(frozen=True)
class CityHead:
    """What stands above every tab.

    ``told``: the city's entry of ``status --json``; ``good``: the snapshot in force; ``signals``: how often citizens
    said it took them more visits, as far as the province accepted it.
    """

    city: City
    told: Document
    verdict: Row | None
    weights: Mapping[str, int] | None
    good: Row | None
    due_on: date | None
    on: date
    today: date
    nights: tuple[Night, ...]
    signals: int = 0


@dataclass(frozen=True)
class Open:
    """What is open in the snapshot in force: (value, count) by county and by check, errors only, most first."""

    run_id: str | None
    by_county: Sequence[tuple[str | None, int]]
    by_check: Sequence[tuple[str | None, int]]
    rejected: int


def city_head(reader: Reader, code: str) -> CityHead:
    """Return what every tab of a city shows; raise ``NotThere`` for a city that may not be seen."""
    city = reader.city(code)
    result = standing_in(reader.store, [city])
    told = document(result.run, result.verdicts)["cities"][0]
    verdict = next((row for row in result.verdicts if "run_id" in row), None)
    on = date.fromisoformat(str(result.run["business_date"])) if result.run else reader.today
    return CityHead(
        city=city,
        told=told,
        verdict=verdict,
        weights=weights_of(reader, (code,)).get(code),
        good=next(iter(adopted_snapshots(reader.store, code)), None),
        due_on=deadlines(reader, [told], on).get(code),
        on=on,
        today=max(on, reader.today),
        nights=nights_of(reader, on - timedelta(days=STRIP_DAYS - 1), on, (code,)).get(code, ()),
        signals=feedback.counted(reader.store, (code,)).get(code, {}).get(Standing.ACCEPTED.value, 0),
    )


def open_in(reader: Reader, head: CityHead) -> Open:
    """Return what is open in a city's snapshot in force."""
    if head.good is None:
        return Open(None, (), (), 0)
    run_id = str(head.good["run_id"])
    known = kept_facets(reader, head.city.code, run_id)
    refused = known.of({"severity": REJECTED})
    return Open(run_id, known.errors_by("areacode"), known.errors_by("check"), refused)


def runs_of(reader: Reader, head: CityHead) -> Sequence[Row]:
    """Return the city's runs of the last days, newest first, each as ``strips.told`` has it."""
    since = head.on - timedelta(days=STRIP_DAYS - 1)
    return strips.told(reader.store, since, head.on, (head.city.code,))[::-1]


def costs_of(reader: Reader, head: CityHead, rows: Sequence[Row]) -> dict[str, Row]:
    """Return run → what the city's walk cost in it, of those that were recorded."""
    code = head.city.code
    kept = efforts_of(reader.store, {row["run_id"] for row in rows}, (code,))
    return {run_id: row for (run_id, _), row in kept.items()}


def notices_of(reader: Reader, head: CityHead) -> Sequence[Row]:
    """Return the city's alerts, newest first, those closed too."""
    return alerting.listed(reader.store, head.city.code, closed=True)
