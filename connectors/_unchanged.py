"""A source whose pages are asked for only if they changed: the whole directory every night, at the price of its news.

The directory is walked through as ever and earns its grade as ever; only a page that is said to be unchanged is not
sent again. Once that was found to be a lie, everything is asked for outright, until the city file says otherwise.
"""

from __future__ import annotations

from dataclasses import replace

from citysync.domain.city import City
from citysync.domain.snapshot import Grade, Snapshot
from connectors._asking import Asking, Walking
from connectors._changing import ChangingSource, Conditional
from connectors._conditions import Conditions, Lied
from connectors._door import Door
from connectors._mark import Mark, Past, day_of, remembered


def pull(city: City, source: ChangingSource, conditional: Conditional, door: Door, walking: Walking) -> Snapshot:
    """Return the directory; pages that did not change are last night's, some of them looked at all the same."""
    night = Asking(city, source, door, walking, door.now())
    past = remembered(city, replace(door, keep=night.keep), 1)
    caught = None if past.mark is None else past.mark.caught
    if caught is not None:
        night.note(f"不再按标记省略未变的页：{caught}；来源改正后请调整城市文件的 conditional")
    try:
        return _walked(night, past, conditional, caught)
    except Lied as error:
        caught = str(error)
    night.note(f"来源称未变的页其实变了（{caught}），已全部直接重取，以后也不再按标记省略")
    return _walked(night, past, conditional, caught)


def _walked(night: Asking, past: Past, conditional: Conditional, caught: str | None) -> Snapshot:
    turn = 0 if past.mark is None else past.mark.turn
    usable = past.mark is not None and past.base is not None and past.base.latest and caught is None
    rows = past.mark.more["pages"] if usable and past.mark is not None else ()
    conditions = Conditions.of(rows, night.door.read, conditional.every, turn)
    found = replace(night, door=replace(night.door, conditions=conditions)).everything()
    certificate = found.certificate
    if conditions.unchanged:
        told = f"{conditions.unchanged} 页由来源答复未变而沿用上次内容，其中 {conditions.checked} 页直接核对一致"
        certificate = replace(certificate, proof=f"{certificate.proof}；{told}")
        night.note(told)
    if certificate.grade in {Grade.A, Grade.B}:
        more = {"pages": conditions.left()}
        night.leave(Mark(None, day_of(night.taken_at), turn + 1, found.unknown_fields, caught, more))
    return replace(found, taken_at=night.taken_at, certificate=certificate, pages=tuple(night.pages), notes=night.notes)
