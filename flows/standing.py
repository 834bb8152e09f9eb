"""Where every city stands: its last verdict, as of now or of a day, or that it never ran or is paused.

The command line and the pages show these same rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from citysync.config.settings import Settings
from citysync.domain.city import City
from citysync.domain.errors import ConfigError
from citysync.domain.verdict import Axis, Counts, Fault, State
from citysync.storage import followers, reading
from citysync.storage.engine import Store
from citysync.storage.past import in_force
from citysync.storage.schema import exists, open_store
from flows.roster import roster


@dataclass(frozen=True)
class Result:
    """A run's facts and its verdicts as rows: code, name, state, since, grade, axes, reasons, counts."""

    run: Mapping[str, Any] | None
    verdicts: Sequence[Mapping[str, Any]]


def standing(settings: Settings, codes: tuple[str, ...]) -> Result:
    """Return the last verdict of the cities asked for, by default of every enabled one."""
    cities = roster(settings, codes)
    if not exists(settings.database):
        return Result(None, [never(city) for city in cities.values()])
    with open_store(settings.database, write=False) as store:
        return standing_in(store, cities.values())


def standing_in(store: Store, cities: Iterable[City]) -> Result:
    """Return the last verdict of some cities in an open ledger."""
    asked = {city.code: city for city in cities}
    latest = {row["code"]: row for row in in_full(store, reading.latest_verdicts(store, tuple(asked)))}
    rows = [latest[code] if code in latest and city.enabled else never(city) for code, city in asked.items()]
    return Result(reading.last_run(store), rows)


def as_of(settings: Settings, codes: tuple[str, ...], on: date) -> Result:
    """Return what was published of the cities by a business date, whatever the city files say today.

    Without codes: the cities of the last nightly run by then and those asked since; before any, every city judged.
    """
    with open_store(settings.database, write=False) as store:
        rows = in_full(store, reading.latest_verdicts(store, codes or reading.cities_by(store, on), on=on))
        ran = reading.last_run(store, on)
    missing = sorted(set(codes) - {row["code"] for row in rows})
    if missing:
        raise ConfigError(f"截至 {on} 还没有城市 {'、'.join(missing)} 的结论；请核对区划代码与日期")
    return Result(ran, rows)


def published(settings: Settings, run_id: str) -> Result:
    """Return a run as the ledger has it; where it only waited for another run, that run's result."""
    with open_store(settings.database, write=False) as store:
        return published_in(store, run_id)


def published_in(store: Store, run_id: str) -> Result:
    """Return a run as an open ledger has it, None for its facts where the ledger does not know it."""
    verdicts = reading.verdicts_of(store, run_id)
    judged_by = {str(row["run_id"]) for row in verdicts}
    run = reading.run_of(store, judged_by.pop() if len(judged_by) == 1 else run_id)
    return Result(run, in_full(store, verdicts))


def in_full(store: Store, verdicts: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return verdicts with what stands beside some of them.

    ``in_force``, where nothing was adopted: the snapshot the city is still judged by; ``follows``, where the city
    follows a change of the master inside its grace: which, until when it had time, how many codes, since when.
    """
    told: list[Mapping[str, Any]] = []
    by_day: dict[str, dict[str, list[dict[str, Any]]]] = {}
    for row in verdicts:
        kept = {} if row["adopted"] else {"in_force": in_force(store, row)}
        if (day := row["business_date"]) not in by_day:
            by_day[day] = followers.by_city(store, date.fromisoformat(day))
        early = by_day[day].get(row["code"], ())
        told.append({**row, **kept, **({"follows": early} if early else {})})
    return told


def never(city: City) -> dict[str, Any]:
    """Return the row of a city that was never judged, or is paused."""
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
