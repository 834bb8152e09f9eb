"""The lists of one city: what ``findings`` and ``rejects`` share."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from citysync.cli.places import Places
from citysync.cli.render import console, plain, print_json, print_rows
from citysync.domain.errors import ConfigError
from citysync.domain.findings import SEVERITY_LABELS
from citysync.domain.items import label
from citysync.domain.verdict import STATE_LABELS, State
from citysync.domain.workdays import calendar


def listed(
    kind: str,
    city: str,
    headings: Mapping[str, str],
    filters: Mapping[str, Any],
    run: str | None,
    *,
    json: bool,
    limit: int,
    places: Places,
) -> int:
    """Print a city's findings or rejections of one run, by default of the last that judged it."""
    from citysync.storage import reading
    from citysync.storage.schema import open_store

    with open_store(places.settings().database, write=False) as store:
        read = reading.findings if kind == "findings" else reading.rejections
        listing = read(store, city, run_id=run, **filters)
        verdict = next(iter(reading.latest_verdicts(store, (city,))), None)
    if verdict is None or (run is not None and listing.run_id is None):
        where = f"运行 {run}" if run else "台账"
        raise ConfigError(f"{where} 中没有城市 {city} 的结论；先运行 citysync sync {city}")
    run_id = listing.run_id or verdict["run_id"]
    if json:
        print_json({"schema_version": 1, "city": city, "run_id": run_id, kind: listing.rows})
        return 0
    if listing.run_id is None:
        reasons = "；".join(reason["text"] for reason in verdict["reasons"])
        console().print(f"{city} {verdict['name']}：还没有校验过该市的任何一行，因此没有清单。{plain(reasons)}")
        return 0
    state = STATE_LABELS[State(listing.state or verdict["state"])]
    console().print(f"{city} {verdict['name']} {state} · 运行 {run_id} · 共 {len(listing.rows)} 条")
    _warn_of_age(run_id, verdict)
    print_rows(
        console(), list(headings.values()), [[_cell(row, name) for name in headings] for row in listing.rows[:limit]]
    )
    if len(listing.rows) > limit:
        console(stderr=True).print(f"只显示前 {limit} 条，共 {len(listing.rows)} 条；加 --limit 或 --json 看全部")
    return 0


def _warn_of_age(run_id: str, verdict: Mapping[str, Any]) -> None:
    """Say so when the last run could not look at the city's rows, and the list is of an earlier one."""
    if run_id != verdict["run_id"]:
        reasons = "；".join(reason["text"] for reason in verdict["reasons"])
        console(stderr=True).print(f"注意：最近一次运行 {verdict['run_id']} 未能核对该市（{reasons}），以下清单更早")


def _cell(row: Mapping[str, Any], name: str) -> object:
    value = row[name]
    if name == "field" and value is not None:
        return f"{label(value)} {value}"
    if name == "due_on" and value is not None:
        return calendar().shown(date.fromisoformat(value))
    return SEVERITY_LABELS[value] if name == "severity" else value
