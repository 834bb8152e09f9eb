"""How many differences of each kind a city had in a run: counted once, for what a run published never changes."""

from __future__ import annotations

import threading
from collections import Counter, OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from citysync.domain.findings import Severity

NAMES = ("areacode", "check", "severity", "status")
MOST_LISTS = 200  # kept at once; each is as many numbers as there are combinations, some hundreds

Values = tuple[str | None, ...]


@dataclass(frozen=True)
class Facets:
    """``times``: by the values of ``NAMES``, in that order, how many differences have all of them."""

    times: Mapping[Values, int]

    def counted(self) -> dict[str, Counter[str | None]]:
        """Return how many there are of each value of each of ``NAMES``."""
        found: dict[str, Counter[str | None]] = {name: Counter() for name in NAMES}
        for values, count in self.times.items():
            for name, value in zip(NAMES, values, strict=True):
                found[name][value] += count
        return found

    def of(self, chosen: Mapping[str, str]) -> int:
        """Return how many there are with the values chosen."""
        places = [(NAMES.index(name), value) for name, value in chosen.items()]
        return sum(
            count for values, count in self.times.items() if all(values[place] == value for place, value in places)
        )

    def errors_by(self, name: str) -> list[tuple[str | None, int]]:
        """Return how many errors have each value of one of ``NAMES``, most first."""
        place, found = NAMES.index(name), Counter[str | None]()
        for values, count in self.times.items():
            if values[NAMES.index("severity")] == Severity.ERROR:
                found[values[place]] += count
        return sorted(found.items(), key=lambda each: (-each[1], each[0] or ""))


class KeptFacets:
    """The facets of the lists last asked for, by city and run; shared by the server's threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: OrderedDict[tuple[str, str], Facets] = OrderedDict()

    def of(self, city_code: str, run_id: str, count: Callable[[], Facets]) -> Facets:
        """Return the facets of one list, counted by ``count`` where they are not known."""
        place = (city_code, run_id)
        with self._lock:
            if (known := self._kept.get(place)) is not None:
                self._kept.move_to_end(place)
                return known
        facets = count()
        with self._lock:
            self._kept[place] = facets
            while len(self._kept) > MOST_LISTS:
                self._kept.popitem(last=False)
        return facets
