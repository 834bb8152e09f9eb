"""Where every city stands now: its last verdict, or that it never ran or is paused."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from citysync.cli.results import Result, in_full
from citysync.domain.city import City
from citysync.domain.errors import ConfigError
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
        latest = {row["code"]: row for row in in_full(store, reading.latest_verdicts(store, tuple(cities)))}
        ran = reading.last_run(store)
    rows = [latest[code] if code in latest and city.enabled else _never(city) for code, city in cities.items()]
    return Result(ran, rows)


def as_of(settings: Settings, codes: tuple[str, ...], on: date) -> Result:
    """Return what was published of the cities by a business date, whatever the city files say today.

    Without codes: the cities of the last nightly run by then and those asked since; before any, every city judged.
    """
    from citysync.storage import reading
    from citysync.storage.schema import open_store

    with open_store(settings.database, write=False) as store:
        rows = in_full(store, reading.latest_verdicts(store, codes or reading.cities_by(store, on), on=on))
        ran = reading.last_run(store, on)
    missing = sorted(set(codes) - {row["code"] for row in rows})
    if missing:
        raise ConfigError(f"截至 {on} 还没有城市 {'、'.join(missing)} 的结论；请核对区划代码与日期")
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
