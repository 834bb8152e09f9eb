"""The province's standing as Prometheus metrics: text that an endpoint or a node_exporter textfile serves.

Every number is one the ledger published; nothing is computed that people do not see elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from prometheus_client import CollectorRegistry, Gauge, generate_latest

from citysync.domain.showing import one_line
from citysync.domain.verdict import State

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Standing:
    """What is shown: the last verdict of each city, the last finished nightly run, and what waits to be told.

    ``cities``: rows with code, name, state, counts, judged_at; ``run_seconds``: how long the last finished run took.
    """

    cities: Iterable[Row]
    asked: int
    finished_at: datetime | None = None
    run_seconds: float | None = None
    open_alerts: int = 0
    mail_since: datetime | None = None
    receipts_undelivered: int = 0


def exposition(standing: Standing, now: datetime) -> bytes:
    """Return the metrics in the text format of Prometheus 0.0.4, in the order of the cities."""
    registry = CollectorRegistry()
    cities = sorted(standing.cities, key=lambda row: str(row["code"]))
    _states(registry, cities, standing.asked)
    _counts(registry, cities)
    _run(registry, standing, now)
    return generate_latest(registry)


def _states(registry: CollectorRegistry, cities: list[Row], asked: int) -> None:
    state = Gauge("citysync_city_state", "1 for the state a city is in", ("code", "name", "state"), registry=registry)
    total = Gauge("citysync_cities", "Cities by state; expected are the enabled ones", ("state",), registry=registry)
    for each in State:
        total.labels(each.value).set(sum(row["state"] == each.value for row in cities))
        for row in cities:
            state.labels(row["code"], one_line(row["name"]), each.value).set(row["state"] == each.value)
    Gauge("citysync_cities_expected", "Enabled city files: the denominator", registry=registry).set(asked)


def _counts(registry: CollectorRegistry, cities: list[Row]) -> None:
    counted = Gauge("citysync_city_count", "A count of the last verdict", ("code", "count"), registry=registry)
    judged = Gauge(
        "citysync_city_judged_timestamp_seconds", "When a city was last judged", ("code",), registry=registry
    )
    for row in cities:
        judged.labels(row["code"]).set(datetime.fromisoformat(row["judged_at"]).timestamp())
        for name, value in row["counts"].items():
            counted.labels(row["code"], name).set(value)


def _run(registry: CollectorRegistry, standing: Standing, now: datetime) -> None:
    if standing.finished_at is not None:
        last = Gauge(
            "citysync_run_finished_timestamp_seconds", "End of the last finished nightly run", registry=registry
        )
        last.set(standing.finished_at.timestamp())
    if standing.run_seconds is not None:
        Gauge("citysync_run_duration_seconds", "How long that run took", registry=registry).set(standing.run_seconds)
    Gauge("citysync_alerts_open", "Open alerts", registry=registry).set(standing.open_alerts)
    undelivered = Gauge("citysync_receipts_undelivered", "Newest receipts that did not arrive", registry=registry)
    undelivered.set(standing.receipts_undelivered)
    waiting = Gauge(
        "citysync_mail_waiting_seconds", "Age of the oldest message that should have gone out", registry=registry
    )
    waiting.set(max(0.0, (now - standing.mail_since).total_seconds()) if standing.mail_since else 0)
