"""The province's master catalogue: items with levels, main and sub-items, caps, targets, dates, regions."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from dataclasses import replace as _with
from datetime import date, timedelta
from itertools import count
from random import Random

from citysync.simulator import names

NATIONAL_SHARE = 0.15
LEVEL_3_SHARE = 0.3  # of the rows asked for per city; counties share the items of level 4
LEVEL_4_SHARE = 0.07
_TARGETS = ("三级", "二级", "Ⅲ级", "1,2,3,4")
_EVERY = 10  # one in ten of obliging items has a cap, a target, a version, some regions only, sub-items


@dataclass(frozen=True, slots=True)
class CatalogueItem:
    """One item of the master catalogue (基本目录); ``department`` is a place in ``names.DEPARTMENTS``."""

    code: str
    name: str
    task_type: str
    levels: tuple[str, ...]
    department: int
    by_law: str
    parent: str | None = None
    cap: int | None = None
    target: str | None = None
    version: int | None = None
    applies_to: tuple[str, ...] = ()
    effective: date | None = None
    cancelled: date | None = None

    @property
    def plain(self) -> bool:
        """Return whether no cap, target or version of the master bounds the item."""
        return self.cap is None and self.target is None and self.version is None

    def record(self) -> dict[str, str | None]:
        """Return the row of a master file, all text, under canonical headings."""
        return {
            "catalog_code": self.code,
            "task_name": self.name,
            "task_type": self.task_type,
            "use_level": ",".join(self.levels) or None,
            "dept_name": f"广东省{names.DEPARTMENTS[self.department].name.removesuffix('局')}厅",
            "by_law": self.by_law,
            "parent_code": self.parent,
            "limit_scene_num": None if self.cap is None else str(self.cap),
            "online_handle_depth": self.target,
            "applies_to": ",".join(self.applies_to) or None,
            "plan_effective_date": None if self.effective is None else self.effective.isoformat(),
            "plan_cancel_date": None if self.cancelled is None else self.cancelled.isoformat(),
            "task_version": None if self.version is None else str(self.version),
        }


@dataclass(frozen=True)
class Catalogue:
    """All items by the part they play.

    ``obliging``: in force, each region of its levels and regions must have it; ``parents``: main items that oblige
    through their sub-items; ``cancelled`` and ``future``: outside their dates; ``provincial``: level 2 only;
    ``open``: no level at all, so that nobody must have them and anybody may.
    """

    obliging: tuple[CatalogueItem, ...]
    parents: tuple[CatalogueItem, ...]
    cancelled: tuple[CatalogueItem, ...]
    future: tuple[CatalogueItem, ...]
    provincial: tuple[CatalogueItem, ...]
    open: tuple[CatalogueItem, ...]

    def records(self) -> list[dict[str, str | None]]:
        """Return the rows of a master file in code order."""
        every = (*self.obliging, *self.parents, *self.cancelled, *self.future, *self.provincial, *self.open)
        return [item.record() for item in sorted(every, key=lambda item: item.code)]

    def sub_items(self, parent: CatalogueItem) -> list[str]:
        """Return the codes of a main item's sub-items, sorted."""
        return sorted(item.code for item in self.obliging if item.parent == parent.code)


class Mint:
    """Hands out codes and names that were never handed out before."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self._mains: Counter[tuple[str, str, str]] = Counter()
        self._names: Counter[tuple[int, str]] = Counter()

    def item(self, levels: tuple[str, ...]) -> CatalogueItem:
        """Return a new main item without sub-items."""
        rng = self._rng
        owner = "00" if rng.random() < NATIONAL_SHARE else "44"
        kind = rng.choices(names.TASK_TYPES, names.TYPE_WEIGHTS)[0]
        place = rng.randrange(len(names.DEPARTMENTS))
        department = names.DEPARTMENTS[place]
        serial = self._mains[owner, kind, department.serial] = self._mains[owner, kind, department.serial] + 1
        name = names.item_name(department, kind, self._names[place, kind])
        self._names[place, kind] += 1
        code = f"{owner}{kind}{department.serial}{serial:03d}000"
        return CatalogueItem(code, name, kind, levels, place, names.legal_basis(department, rng.randrange(3, 90)))


def build_catalogue(seed: int, items: int, on: date, regions: tuple[str, ...]) -> Catalogue:
    """Return the master catalogue for cities of about ``items`` rows; ``regions``: the cities some items apply to."""
    rng = names.dice(seed, "master")
    mint = Mint(rng)
    both = max(4, round(items * LEVEL_4_SHARE))
    city_only = max(12, round(items * LEVEL_3_SHARE)) - both
    few = max(3, both // 8)
    plain = [mint.item(("2", "3", "4") if n % 3 == 0 else ("3", "4")) for n in range(both)]
    plain += [mint.item(("3",)) for _ in range(city_only)]
    obliging, parents = _varied(plain, rng, regions)
    past = [on - timedelta(days=rng.randrange(400)) for _ in range(few + 1)]
    return Catalogue(
        tuple(obliging),
        tuple(parents),
        tuple(_with(mint.item(("3", "4")), cancelled=day, effective=date(2020, 1, 1)) for day in past),
        tuple(_with(mint.item(("3", "4")), effective=on + timedelta(days=1 + n)) for n in range(few)),
        tuple(mint.item(("2",)) for _ in range(few)),
        tuple(mint.item(()) for _ in range(few)),
    )


def _varied(
    plain: list[CatalogueItem], rng: Random, regions: tuple[str, ...]
) -> tuple[list[CatalogueItem], list[CatalogueItem]]:
    """Give one in ten a cap, a target, a version, regions or sub-items; return obliging items and main items."""
    obliging: list[CatalogueItem] = []
    parents: list[CatalogueItem] = []
    for n, item in zip(count(), plain):
        match n % _EVERY:
            case 2:
                obliging.append(_with(item, cap=rng.randrange(3)))
            case 4:
                obliging.append(_with(item, target=_TARGETS[n // _EVERY % len(_TARGETS)]))
            case 5:
                obliging.append(_with(item, version=rng.randrange(2, 9), effective=date(2021, 1, 1)))
            case 7:
                some = sorted(rng.sample(regions, max(1, len(regions) // 2)))
                obliging.append(_with(item, applies_to=tuple(some) if n % 20 > _EVERY else ("440000",)))
            case 9:
                parent = _with(item, code=item.code[:9] + "00Y")
                parents.append(parent)
                obliging.extend(_sub_items(parent, 2 + rng.randrange(2)))
            case _:
                obliging.append(item)
    return obliging, parents


def _sub_items(parent: CatalogueItem, number: int) -> list[CatalogueItem]:
    kinds = ("（新证）", "（换证）", "（延期）")
    stem = parent.name.partition("（")[0]
    return [
        _with(parent, code=f"{parent.code[:9]}{n + 1:03d}", name=f"{stem}{kinds[n]}", parent=parent.code)
        for n in range(number)
    ]
