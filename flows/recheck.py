"""A re-check of one city: only what its open findings speak of, where the source can be asked so; else a whole pull."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

from citysync.domain.city import City
from citysync.domain.errors import StorageError
from citysync.domain.memory import LastGood, Memory
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


@dataclass(frozen=True)
class Recheck:
    """How a city is asked again: ``keys`` by code, or everything where ``keys`` is None; ``grade`` that of its base."""

    keys: Keys | None = None
    grade: Grade = Grade.C

    def pull(self, memory: Memory) -> Pull:
        """Return how to pull so."""
        base = memory.last_good
        if self.keys is None:
            return pull
        if base is None:
            raise StorageError("复核所依据的快照读不到，无法按编码复核；请改用 citysync sync")
        return partial(_look_up, self.keys, base, self.grade)

    def written(self) -> dict[str, Any] | None:
        """Return it as a tape keeps it, None where everything is asked."""
        return None if self.keys is None else {**asdict(self.keys), "grade": self.grade.value}


EVERYTHING = Recheck()


def recheck_of(written: Mapping[str, Any] | None) -> Recheck:
    """Return what a tape kept of a re-check."""
    if written is None:
        return EVERYTHING
    names = ("task_codes", "catalog_codes", "unknown_fields")
    return Recheck(Keys(*(tuple(written[name]) for name in names)), Grade(written["grade"]))


def rechecking(store: Store, city: City, memory: Memory) -> Recheck:
    """Return what a re-check asks for; everything where the past or the source does not allow less."""
    keys, base = open_keys(store, city.code), memory.last_good
    if base is None or not can_look_up(city, keys):
        return EVERYTHING
    verdicts = [row for row in reading.verdicts_of(store, base.run_id) if row["code"] == city.code]
    grades = [Grade(row["grade"]) for row in verdicts if row["grade"]]
    return Recheck(keys, grades[0] if grades else Grade.C)


def _look_up(keys: Keys, base: LastGood, grade: Grade, city: City, door: Door) -> Snapshot:
    return look_up(city, door, keys, base, grade, pull)
