"""Where every city stands now: its last verdict, or that it never ran or is paused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from citysync.cli.results import Result
from citysync.domain.city import City
from citysync.domain.verdict import Axis, Counts, Fault, State

if TYPE_CHECKING:
    from citysync.config.settings import Settings


def standing(settings: Settings, codes: tuple[str, ...]) -> Result:
    """Return the last verdict of the cities asked for, by default of every enabled one."""
    from citysync.storage import reading
    from citysync.storage.schema import exists, open_store
    from flows.night import chosen

    cities = chosen(settings, codes)
    if not exists(settings.database):
        return Result(None, [_never(city) for city in cities.values()])
    with open_store(settings.database, write=False) as store:
        latest = {row["code"]: row for row in reading.latest_verdicts(store, tuple(cities))}
        ran = reading.last_run(store)
    rows = [latest[code] if code in latest and city.enabled else _never(city) for code, city in cities.items()]
    return Result(ran, rows)


def _never(city: City) -> dict[str, Any]:
    code, text = ("never_run", "尚未运行过") if city.enabled else ("paused", "已暂停（enabled = false）")
    return {
        "code": city.code,
        "name": city.name,
        "state": State.UNKNOWN.value,
        "since": None,
        "grade": None,
        "axes": {axis.value: "unknown" for axis in Axis},
        "reasons": [{"code": code, "fault": Fault.OURS.value, "text": f"{text}；运行 citysync sync {city.code}"}],
        "counts": Counts().as_dict(),
    }
