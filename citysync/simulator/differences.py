"""Differences between a city and the master, put in one by one, each with everything that follows from it.

An injection takes an obligation nobody has touched (or adds a row), changes it so that exactly one thing is wrong, and
writes the findings into the truth. It returns False where the city has no room for it.
"""

from __future__ import annotations

from dataclasses import replace

from citysync.simulator import names
from citysync.simulator.columns import PLACE, Row, changed
from citysync.simulator.draft import Draft, Slot

_NO_TARGET = "一级"
_ON_SITE = "需核验申请材料原件"


def _claimed(draft: Draft, row: Row | None, check: str, field: str, expected: str | None) -> bool:
    """Add a row on an item that must not be claimed so, with the finding that says it."""
    if row is None:
        return False
    draft.add(row, pairs=True)
    draft.found(check, row, field, expected, row[PLACE[field]])
    return True


def unclaimed(draft: Draft) -> bool:
    """Drop the only row of an obligation."""
    slot = draft.take()
    if slot is None:
        return False
    slot.rows.clear()
    draft.counts["paired"] -= 1
    draft.unmet(slot)
    return True


def overclaimed_extra(draft: Draft) -> bool:
    """Add a row whose catalogue code the master does not have."""
    item = replace(draft.rng.choice(draft.catalogue.obliging), code=draft.unknown_code(), name="自行设立的审核事项")
    row = draft.row(item, draft.rng.choice(draft.regions), draft.rng.choice(draft.plain))
    draft.add(row, pairs=False)
    draft.found("overclaimed", row, "catalog_code", None, item.code)
    draft.counts["overclaimed"] += 1
    return True


def overclaimed_instead(draft: Draft) -> bool:
    """Replace the code of a row by one the master does not have: its own obligation is unmet thereby."""
    slot = draft.take()
    if slot is None:
        return False
    code = draft.unknown_code()
    task_code = (slot.rows[0][0] or "").replace(slot.item.code, code)
    row = draft.change(slot, task_code=task_code, catalog_code=code)
    draft.found("overclaimed", row, "catalog_code", None, code)
    draft.counts["overclaimed"] += 1
    draft.counts["paired"] -= 1
    draft.unmet(slot)
    return True


def claimed_parent(draft: Draft) -> bool:
    """Claim a main item that has sub-items."""
    row = draft.spare("parents", draft.catalogue.parents)
    code = None if row is None else row[PLACE["catalog_code"]]
    below = sorted(item.code for item in draft.catalogue.obliging if item.parent == code)
    return _claimed(draft, row, "claimed_parent", "catalog_code", ",".join(below))


def level_mismatch(draft: Draft) -> bool:
    """Claim an item of the province's own level."""
    row = draft.spare("provincial", draft.catalogue.provincial, any_level=True)
    return _claimed(draft, row, "level_mismatch", "use_level", "2")


def withdrawn(draft: Draft) -> bool:
    """Keep an item in use that the master has cancelled."""
    return _claimed(draft, draft.spare("cancelled", draft.catalogue.cancelled[1:]), "withdrawn", "task_state", "3")


def withdrawn_without_state(draft: Draft) -> bool:
    """Keep a cancelled item without saying its state: that counts as in use."""
    row = draft.spare("cancelled", draft.catalogue.cancelled[1:])
    return _claimed(draft, row and changed(row, {"task_state": None}), "withdrawn", "task_state", "3")


def _drifts(draft: Draft, slot: Slot | None, *fields: str) -> bool:
    if slot is None:
        return False
    before = slot.rows[0]
    other = next(kind for kind in names.TASK_TYPES if kind != slot.item.task_type)
    values = {
        "task_name": f"{slot.item.name}（试行）",
        "catalog_name": f"{slot.item.name}（试行）",
        "task_type": other,
        "by_law": f"{slot.item.by_law}第二款",
    }
    row = draft.change(slot, **{name: values[name] for name in fields})
    for name in fields:
        draft.found("elements_drift", row, name, before[PLACE[name]], values[name])
    draft.counts["drifted"] += 1
    return True


def _name_field(draft: Draft) -> str:
    return "catalog_name" if draft.sends_names else "task_name"


def drift_name(draft: Draft) -> bool:
    """Call an item by another name."""
    return _drifts(draft, draft.take(), _name_field(draft))


def drift_type(draft: Draft) -> bool:
    """Give an item another type."""
    return _drifts(draft, draft.take(), "task_type")


def drift_law(draft: Draft) -> bool:
    """Rest an item on another clause."""
    return _drifts(draft, draft.take(), "by_law")


def drift_twice(draft: Draft) -> bool:
    """Let two elements of one row drift: two findings, one row."""
    return _drifts(draft, draft.take(), _name_field(draft), "by_law")


def _rewritten(text: str) -> str:
    """Return the same text written otherwise: half-width brackets, or a blank inside."""
    narrow = text.replace("（", "(").replace("）", ")")
    return narrow if narrow != text else f"{text[:2]}\u3000{text[2:]}"


def text_cosmetic_name(draft: Draft) -> bool:
    """Write a name with other brackets or blanks."""
    slot, name = draft.take(), _name_field(draft)
    if slot is None:
        return False
    row = draft.change(slot, **{name: _rewritten(slot.item.name)})
    draft.found("text_cosmetic", row, name, slot.item.name, row[PLACE[name]])
    return True


def text_cosmetic_law(draft: Draft) -> bool:
    """Write a legal basis with a blank inside."""
    slot = draft.take()
    if slot is None:
        return False
    row = draft.change(slot, by_law=_rewritten(slot.item.by_law))
    draft.found("text_cosmetic", row, "by_law", slot.item.by_law, row[PLACE["by_law"]])
    return True


def older_version(draft: Draft) -> bool:
    """Leave the version before in use beside the present one."""
    slot = draft.take()
    if slot is None:
        return False
    draft.change(slot, task_version="7")
    older = changed(slot.rows[0], {"task_version": "6", "by_law": "《旧办法》第一条"})
    slot.rows.append(older)
    draft.found("duplicated", older, "task_version", "7", "6")
    return True


def retired_version(draft: Draft) -> bool:
    """Keep an older version that is no longer in use: nothing is wrong with that."""
    slot = draft.take()
    if slot is None:
        return False
    draft.change(slot, task_version="7")
    slot.rows.insert(0, changed(slot.rows[0], {"task_version": "6", "task_state": "3"}))
    return True


def same_version(draft: Draft) -> bool:
    """Send one version twice with different content: the key is left out, its obligation counts as present."""
    slot = draft.take()
    if slot is None:
        return False
    slot.rows.append(changed(slot.rows[0], {"dept_name": f"{slot.region.name}行政审批局"}))
    draft.found("duplicated", slot.rows[0], "task_version", None, slot.rows[0][PLACE["task_version"]])
    draft.counts["paired"] -= 1
    return True


def twin(draft: Draft) -> bool:
    """Send a row twice, the same to the letter: merged and counted."""
    slot = draft.take()
    if slot is None:
        return False
    slot.rows.append(slot.rows[0])
    draft.counts["duplicate"] += 1
    return True


def outdated(draft: Draft) -> bool:
    """Send a version below the master's."""
    slot = draft.take(lambda slot: slot.item.version is not None)
    if slot is None or slot.item.version is None:
        return False
    row = draft.change(slot, task_version=str(slot.item.version - 1))
    draft.found("outdated", row, "task_version", str(slot.item.version), str(slot.item.version - 1))
    return True


def unknown_field(draft: Draft, name: str) -> None:
    """Note a field of the source that its city file neither maps nor ignores."""
    draft.found("unknown_field", None, name, None, None)


def column_absent(draft: Draft, name: str) -> None:
    """Note a judged column that the source does not have."""
    draft.found("column_absent", None, name, None, None)


def visits_on_site(visits: str) -> dict[str, str | None]:
    """Return columns that say how often to appear in person, and contradict nothing else."""
    return {"limit_scene_num": visits, "limit_scene_explain": _ON_SITE, "online_handle_depth": _NO_TARGET}
