"""A re-check of one city: only what its open findings speak of, where the source can be asked so; else a whole pull."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from citysync.domain.city import City
from citysync.domain.memory import Memory
from citysync.domain.recheck import Keys, keys_of
from citysync.domain.snapshot import Grade, Snapshot
from citysync.storage import reading
from citysync.storage.engine import Store
from connectors import pull
from connectors._door import Door
from connectors._lookup import can_look_up, look_up

Pull = Callable[[City, Door], Snapshot]


def open_keys(store: Store, city_code: str) -> Keys:
    """Return the keys in the findings of the last run that could look at a city's rows."""
    return keys_of(reading.findings(store, city_code).rows)


def rechecking(store: Store, city: City, memory: Memory) -> Pull:
    """Return how to pull what a re-check needs; a whole pull where the past or the source does not allow less."""
    keys, base = open_keys(store, city.code), memory.last_good
    if base is None or not can_look_up(city, keys):
        return pull
    verdicts = [row for row in reading.verdicts_of(store, base.run_id) if row["code"] == city.code]
    grades = [Grade(row["grade"]) for row in verdicts if row["grade"]]
    return partial(_look_up, keys, memory, grades[0] if grades else Grade.C)


def _look_up(keys: Keys, memory: Memory, grade: Grade, city: City, door: Door) -> Snapshot:
    if memory.last_good is None:
        raise ValueError(f"{city.code}：没有可作底的快照")
    return look_up(city, door, keys, memory.last_good, grade, pull)
