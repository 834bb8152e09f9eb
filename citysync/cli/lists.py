"""The lists of one city: what ``findings`` and ``rejects`` share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from citysync.cli.places import Places
from citysync.cli.render import console, print_json, print_rows
from citysync.domain.errors import ConfigError
from citysync.domain.findings import SEVERITY_LABELS
from citysync.domain.items import label
from citysync.domain.verdict import STATE_LABELS, State


def listed(
    kind: str,
    city: str,
    headings: Mapping[str, str],
    filters: Mapping[str, str | None],
    run: str | None,
    *,
    json: bool,
    limit: int,
    places: Places,
) -> int:
    """Print a city's findings or rejections of one run, by default of the last that judged it."""
    from citysync.storage import reading
    from citysync.storage.engine import open_store

    store = open_store(places.settings().database_url.get_secret_value(), write=False)
    verdict = reading.verdict_of(store, city, run)
    if verdict is None:
        where = f"运行 {run}" if run else "台账"
        raise ConfigError(f"{where} 中没有城市 {city} 的结论；先运行 citysync sync {city}")
    chosen = {name: value for name, value in filters.items() if value is not None}
    rows = getattr(reading, kind)(store, city, verdict["run_id"], **chosen)
    if json:
        print_json({"schema_version": 1, "city": city, "run_id": verdict["run_id"], kind: rows})
        return 0
    state = STATE_LABELS[State(verdict["state"])]
    console().print(f"{city} {verdict['city_name']} {state} · 运行 {verdict['run_id']} · 共 {len(rows)} 条")
    print_rows(console(), list(headings.values()), [[_cell(row, name) for name in headings] for row in rows[:limit]])
    if len(rows) > limit:
        console(stderr=True).print(f"只显示前 {limit} 条，共 {len(rows)} 条；加 --limit 或 --json 看全部")
    return 0


def _cell(row: Mapping[str, Any], name: str) -> object:
    value = row[name]
    if name == "field" and value is not None:
        return f"{label(value)} {value}"
    return SEVERITY_LABELS[value] if name == "severity" else value
