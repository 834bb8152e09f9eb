"""One city while it is being made: its rows by obligation, and the truth as differences are put in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import count
from random import Random

from citysync.simulator import names
from citysync.simulator.catalogue import Catalogue, CatalogueItem
from citysync.simulator.columns import PLACE, Row, as_dict, changed
from citysync.simulator.manners import Manner
from citysync.simulator.truth import FINDING_KEYS, PLACE_KEYS, Record

HANDLE_LENGTH = 33
OVERCLAIMED_DEPARTMENT = "98"  # a department serial no catalogue item of the province carries


@dataclass(frozen=True, slots=True)
class Region:
    """A division that must have items: the city (level 3) or one of its counties (level 4), with its bodies."""

    code: str
    name: str
    level: str
    bodies: tuple[str, ...]  # 统一社会信用代码 by place in names.DEPARTMENTS
    dialling: str


@dataclass(slots=True)
class Slot:
    """One obligation's rows. ``touched``: a difference is in it already, so that no second one is put there."""

    item: CatalogueItem
    region: Region
    rows: list[Row]
    due: bool = True
    touched: bool = False


@dataclass
class Draft:
    """A city in the making; ``truth`` grows with every difference.

    ``lacks``: columns the source does not have; ``sends_names``: it sends catalog_name, which is then compared;
    ``proves``: absences may be reported (every grade but C); ``as_sent``: (column, value) → the source's own text.
    """

    code: str
    catalogue: Catalogue
    regions: tuple[Region, ...]
    plain: tuple[Manner, ...]
    rng: Random
    local: bool = False
    sends_names: bool = False
    proves: bool = True
    lacks: frozenset[str] = frozenset()
    as_sent: Callable[[str, str | None], str | None] = lambda _column, value: value
    slots: list[Slot] = field(default_factory=list)
    extra: list[Row] = field(default_factory=list)
    findings: list[Record] = field(default_factory=list)
    rejections: list[Record] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    kinds: set[str] = field(default_factory=set)
    _serials: Iterator[int] = field(default_factory=lambda: count(1))
    _free: list[Slot] = field(default_factory=list)
    _spares: dict[str, list[tuple[CatalogueItem, Region]]] = field(default_factory=dict)

    def row(self, item: CatalogueItem, region: Region, manner: Manner, serial: int = 0) -> Row:
        """Return a row that meets the item in the region; from serial 1 a 业务办理项 of it."""
        body = region.bodies[item.department]
        if self.local:
            code = f"{item.code}-{region.code}000000-000-{body}-1-{serial:02d}"
        else:
            code = f"{body}{region.level}{item.code}"
        handle = f"{code}{serial:02d}" if serial and not self.local else None
        department = names.DEPARTMENTS[item.department].name
        link = f"{region.dialling}-8{int(body[8:17]) % 10_000_000:07d}"
        return (
            code,
            handle,
            item.code,
            item.name if self.sends_names else None,
            item.name if handle is None else names.handle_item_name(item.name, serial),
            item.task_type,
            item.by_law,
            region.level,
            "1",
            str(item.version or 1),
            region.name + department,
            body,
            region.code,
            link,
            f"{region.dialling}-12345",
            *manner,
        )

    def open(self) -> None:
        """Shuffle what differences may be put into: obligations with exactly one row."""
        self._free = [slot for slot in self.slots if slot.due and len(slot.rows) == 1 and not slot.touched]
        self.rng.shuffle(self._free)
        del self._free[len(self._free) * 2 // 3 :]  # most rows stay clean

    def take(self, wanted: Callable[[Slot], bool] = lambda slot: slot.item.plain) -> Slot | None:
        """Return an untouched obligation, now touched; None when there is none left."""
        for place, slot in enumerate(self._free):
            if wanted(slot):
                slot.touched = True
                del self._free[place]
                return slot
        return None

    def spare(self, pool: str, items: Iterable[CatalogueItem], *, any_level: bool = False) -> Row | None:
        """Return a new row on an item nobody obliges this city to have; None when the pool is used up."""
        if pool not in self._spares:
            pairs = [
                (item, region) for item in items for region in self.regions if any_level or region.level in item.levels
            ]
            self.rng.shuffle(pairs)
            self._spares[pool] = pairs
        if not self._spares[pool]:
            return None
        item, region = self._spares[pool].pop()
        return self.row(item, region, self.rng.choice(self.plain), 1 if self.local else 0)

    def change(self, slot: Slot, **changes: str | None) -> Row:
        """Change the slot's row and return it."""
        slot.rows[0] = changed(slot.rows[0], changes)
        return slot.rows[0]

    def add(self, row: Row, *, pairs: bool) -> None:
        """Add a row beyond the obligations; ``pairs``: the master has its code."""
        self.extra.append(row)
        self.counts["paired"] += pairs

    def found(self, check: str, row: Row | None, field: str, expected: str | None, actual: str | None) -> None:
        """Write a finding about a row (or, without one, about the source) into the truth."""
        place = dict.fromkeys(PLACE_KEYS) if row is None else {key: row[PLACE[key]] for key in PLACE_KEYS}
        values = {"check": check, **place, "field": field, "expected": expected, "actual": actual}
        self.findings.append({key: values[key] for key in FINDING_KEYS})

    def rejected(self, row: Row, **rules: str) -> None:
        """Write a rejected row into the truth, one rejection per field → rule; it pairs with nothing."""
        sent = as_dict(row)
        for name, rule in rules.items():
            value = self.as_sent(name, sent[name])
            self.rejections.append({"task_code": sent["task_code"], "field": name, "rule": rule, "value": value})
        self.counts["rejected"] += 1
        self.counts["paired"] -= 1

    def unmet(self, slot: Slot) -> None:
        """Write into the truth that nothing meets the slot's obligation any more."""
        self.counts["unmet"] += 1
        if self.proves:
            self.counts["missing"] += 1
            place = {"catalog_code": slot.item.code, "areacode": slot.region.code}
            values = dict.fromkeys(FINDING_KEYS) | place
            self.findings.append(values | {"check": "unclaimed", "field": "catalog_code", "expected": slot.item.code})

    def unknown_code(self) -> str:
        """Return a catalogue code of the right shape that the master does not have."""
        return f"44{self.rng.choice(('01', '07', '10'))}{OVERCLAIMED_DEPARTMENT}{next(self._serials):03d}000"
