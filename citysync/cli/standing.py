"""Where every city stands now: its last verdict, or that it never ran or is paused."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from citysync.cli.results import Result
from citysync.domain.city import City
from citysync.domain.verdict import Axis, Counts, Fault, State

if TYPE_CHECKING:
    from citysync.config.settings import Settings


def standing(settings: Settings, codes: tuple[str, ...]) -> Result:
    """Return the last verdict of the cities asked for, by default of every enabled one."""
    from citysync.config.cities import load_cities
    from citysync.storage import engine, reading
    from connectors import source_model
    from flows.night import chosen

    cities = chosen(load_cities(settings.cities_dir, source_model), codes, settings.cities_dir)
    url = settings.database_url.get_secret_value()
    if not engine.exists(url):
        return Result(None, [_never(city) for city in cities])
    store = engine.open_store(url, write=False)
    latest: Mapping[str, Mapping[str, Any]] = {row["city_code"]: row for row in reading.latest_verdicts(store)}
    rows = [latest.get(city.code) or _never(city) for city in cities]
    ran = [row["run_id"] for row in rows if row.get("run_id")]
    return Result(reading.run(store, max(ran)) if ran else None, rows)


def _never(city: City) -> dict[str, Any]:
    code, text = ("never_run", "尚未运行过") if city.enabled else ("paused", "已暂停（enabled = false）")
    return {
        "city_code": city.code,
        "city_name": city.name,
        "state": State.UNKNOWN.value,
        "since": None,
        "grade": None,
        "axes": {axis.value: "unknown" for axis in Axis},
        "reasons": [{"code": code, "fault": Fault.OURS.value, "text": f"{text}；运行 citysync sync {city.code}"}],
        "counts": Counts().as_dict(),
    }
