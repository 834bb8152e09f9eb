"""Batches of changes of the master catalogue, and how a city follows each: early, on the last day, late or never."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from citysync.simulator import names
from citysync.simulator.catalogue import CatalogueItem
from citysync.simulator.columns import changed
from citysync.simulator.draft import Draft, Slot
from citysync.simulator.history.difference import Difference, Lasting, finding, rows_of, unmet
from citysync.simulator.truth import Record


@dataclass(frozen=True)
class Batch:
    """One version of the master, in force from a night on.

    ``retyped``: items that got another type; ``renamed``: codes whose 主管部门 got another name, which no check
    compares; ``cancelled`` from that day on; ``added``: new items of level 3.
    """

    night: int
    retyped: tuple[CatalogueItem, ...] = ()
    renamed: tuple[str, ...] = ()
    cancelled: tuple[CatalogueItem, ...] = ()
    added: tuple[CatalogueItem, ...] = ()

    @property
    def codes(self) -> frozenset[str]:
        """Return the codes it changes."""
        items = (*self.retyped, *self.cancelled, *self.added)
        return frozenset((*self.renamed, *(item.code for item in items)))

    def applied(self, records: Sequence[Record], day: str) -> list[Record]:
        """Return the master's rows after it."""
        return [*(self._changed(record, day) for record in records), *(item.record() for item in self.added)]

    def _changed(self, record: Record, day: str) -> Record:
        code = record["catalog_code"]
        if code in {item.code for item in self.retyped}:
            return {**record, "task_type": other_type(record["task_type"])}
        if code in {item.code for item in self.cancelled}:
            return {**record, "plan_cancel_date": day}
        return {**record, "dept_name": f"{record['dept_name']}（更名）"} if code in self.renamed else record


def other_type(task_type: str | None) -> str:
    """Return the type an item is given in the place of its own."""
    return next(kind for kind in names.TASK_TYPES if kind != task_type)


def following(batch: Batch, draft: Draft, follows: int, nights: int) -> Iterator[Lasting]:
    """Yield what a batch does to a city that follows it on a night; ``nights`` or later means never."""
    waiting, after = ((batch.night, follows - 1),), ((follows, nights),)
    for lagging, adapted in (
        *(_retyped(draft, item) for item in batch.retyped),
        *(_cancelled(draft, item) for item in batch.cancelled),
        *(_added(draft, item) for item in batch.added),
    ):
        yield Lasting(lagging, waiting)
        yield Lasting(adapted, after)


def _places(draft: Draft, item: CatalogueItem) -> dict[int, Slot]:
    return {place: slot for place, slot in enumerate(draft.slots) if slot.item.code == item.code}


def _retyped(draft: Draft, item: CatalogueItem) -> tuple[Difference, Difference]:
    places, kind = _places(draft, item), other_type(item.task_type)
    rows = rows_of(list(places.values()))
    found = tuple(finding("elements_drift", row, "task_type", kind) for row in rows)
    new = {place: tuple(changed(row, {"task_type": kind}) for row in slot.rows) for place, slot in places.items()}
    return Difference("retyped", findings=found, counts={"drifted": len(rows)}), Difference("followed", new)


def _cancelled(draft: Draft, item: CatalogueItem) -> tuple[Difference, Difference]:
    places = _places(draft, item)
    rows = rows_of(list(places.values()))
    found = tuple(finding("withdrawn", row, "task_state", "3") for row in rows)
    lifted = {"due": -len(places)}
    gone = Difference("followed", dict.fromkeys(places, ()), counts={**lifted, "paired": -len(rows)})
    return Difference("cancelled", findings=found, counts=lifted), gone


def _added(draft: Draft, item: CatalogueItem) -> tuple[Difference, Difference]:
    region = draft.regions[0]
    found, counts = unmet(draft, Slot(item, region, []), due=1)
    row = draft.row(item, region, draft.plain[0], 1 if draft.local else 0)
    claimed = Difference("followed", extra=(row,), counts={"due": 1, "paired": 1})
    return Difference("added", findings=found, counts=counts), claimed
