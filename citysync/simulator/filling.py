"""A city in sync: every obligation met exactly once, what it may have besides, and its exemptions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import date, timedelta

from citysync.simulator.catalogue import CatalogueItem
from citysync.simulator.columns import changed
from citysync.simulator.draft import Draft, Slot
from citysync.simulator.manners import Manner

PROVINCE = "440000"
_FEW = 20  # below so many obligations a city gets no exemptions


@dataclass(frozen=True, slots=True)
class Exempted:
    """An exemption as it stands in the city's file."""

    catalog_code: str
    reason: str
    document: str
    until: date
    areacode: str | None = None


def fill(draft: Draft, special: Mapping[str, tuple[Manner, ...]], items: int) -> None:
    """Meet every obligation once, add what a city may have besides, then 业务办理项 up to the number asked for."""
    rng, slots = draft.rng, draft.slots
    for region in draft.regions:
        here = {region.code, draft.code, PROVINCE}
        due = [item for item in draft.catalogue.obliging if region.level in item.levels and _applies(item, here)]
        for item in due:
            choice = special.get(item.code, draft.plain)
            slots.append(Slot(item, region, [draft.row(item, region, choice[int(rng.random() * len(choice))])]))
    draft.counts["due"] = len(slots)
    for item in (*draft.catalogue.future[:2], *draft.catalogue.open[:2]):
        slots.append(Slot(item, draft.regions[0], [draft.row(item, draft.regions[0], draft.plain[0])], due=False))
    draft.counts["paired"] = len(slots)
    retired = draft.row(draft.catalogue.cancelled[0], draft.regions[0], draft.plain[0])
    draft.extra.append(changed(retired, {"task_state": "3"}))
    _top_up(draft, special, items - len(slots))


def _applies(item: CatalogueItem, here: AbstractSet[str]) -> bool:
    return not item.applies_to or not here.isdisjoint(item.applies_to)


def _top_up(draft: Draft, special: Mapping[str, tuple[Manner, ...]], missing: int) -> None:
    """Give up to two obligations in five further rows of their own: 业务办理项, as real directories have them."""
    several = [slot for slot in draft.slots if slot.due][:: 5 if missing < len(draft.slots) // 5 else 2]
    for n in range(max(0, missing)):
        slot = several[n % len(several)]
        choice = special.get(slot.item.code, draft.plain)
        slot.rows.append(draft.row(slot.item, slot.region, choice[n % len(choice)], len(slot.rows)))
        draft.counts["paired"] += 1


def exempt(draft: Draft, on: date) -> tuple[Exempted, ...]:
    """Lift one obligation for the whole city and one for a region; add an exemption that has run out."""
    single = [slot for slot in draft.slots if slot.due and slot.item.plain and len(slot.rows) == 1]
    if len(single) < _FEW:
        return ()
    whole, part, over = draft.rng.sample([slot for slot in single if slot.region.level == "3"], 3)
    _lift(draft, [slot for slot in draft.slots if slot.item is whole.item])
    _lift(draft, [part])
    over.touched = True
    document = f"粤府函〔2026〕{int(draft.code[2:4])}号"
    return (
        Exempted(whole.item.code, "delegated", document, on + timedelta(days=40)),
        Exempted(part.item.code, "no_power", document, on, part.region.code),
        Exempted(over.item.code, "cancelled", document, on - timedelta(days=1)),
    )


def _lift(draft: Draft, slots: Sequence[Slot]) -> None:
    for slot in slots:
        draft.counts["due"] -= 1
        draft.counts["exempted"] += 1
        draft.counts["paired"] -= len(slot.rows)
        slot.rows.clear()
        slot.due = False
