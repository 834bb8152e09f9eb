"""A source that tells what changed since a moment: its changes put upon the snapshot in force, proved, never trusted.

The proof of a small night: as many rows as the source declares for the whole directory, and pages of the directory,
asked outright and another one every night, that are as the merged rows say. What is not proved is pulled as a whole in
the same walk. A whole pull is also made on a schedule; it shows which changes were never told, and until a later whole
pull agrees with what was told, nothing small is trusted again.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import polars as pl

from citysync.domain.city import City
from citysync.domain.errors import Unreadable
from citysync.domain.memory import LastGood
from citysync.domain.snapshot import MERGED, Grade, Snapshot
from connectors._asking import Asking, Told, Unproved, Walking, readable
from connectors._certify import single
from connectors._changing import Changes, ChangingSource
from connectors._door import Door
from connectors._mapping import distinct_keys
from connectors._mark import Mark, Past, day_of, remembered, too_old
from connectors._moments import changed_at
from connectors._upon import NO_CODE, Merged, differing, lacking, put_upon, some


def pull(city: City, source: ChangingSource, changes: Changes, door: Door, walking: Walking) -> Snapshot:
    """Return the directory: the snapshot in force with what changed since, where that is proved; else the whole."""
    night = Asking(city, source, door, walking, door.now())
    past = remembered(city, replace(door, keep=night.keep), 1)
    why = too_old(past, day_of(night.taken_at), changes.whole_every_days)
    if past.base is None or past.mark is None or past.mark.since is None or why is not None:
        if why is not None:
            night.note(f"整体拉取：{why}")
        return _whole(night, past)
    try:
        return _merged(night, past.base, past.mark, changes)
    except Unproved as error:
        night.note(f"增量未能证实（{error}），已改为整体拉取")
    return _whole(night, past)


def _merged(night: Asking, base: LastGood, mark: Mark, changes: Changes) -> Snapshot:
    """Return the snapshot in force with what changed since, proved; raises ``Unproved``."""
    since = mark.since or night.taken_at
    told = readable(lambda: night.changes(since))
    merged = _upon(base, told)
    try:
        samples = [night.page(asked) for asked in _samples(night, mark, merged.rows.height, changes.sample_pages)]
    except Unreadable as error:
        raise Unproved(f"抽查的页无法读取：{error}") from None
    sampled = _agreed(merged, samples)
    rows = merged.rows
    unknown = tuple(sorted({*mark.unknown, *told.unknown, *(name for each in samples for name in each.unknown_fields)}))
    proof = (
        f"{MERGED}：以 {base.on} 的快照为底，并入此后告知的变更（{merged}）；声明总数 {rows.height:,} 与合并后一致；"
        f"{sampled}；其余各条据来源告知，上次整体拉取 {mark.whole_on}"
    )
    facts = {"declared": rows.height, "pages": len(night.pages)}
    certificate = single(Grade.A, rows.height, distinct_keys(rows), proof, **facts)
    night.note(f"增量拉取：{merged}；{sampled}")
    turn = mark.turn + changes.sample_pages
    moments = (base.changed_at, *(each.source_changed_at for each in samples))
    night.leave(Mark(_since(night, rows), mark.whole_on, turn, unknown, None, mark.more))
    return Snapshot(
        city_code=night.city.code,
        taken_at=night.taken_at,
        rows=rows,
        pages=tuple(night.pages),
        certificate=certificate,
        unknown_fields=unknown,
        source_changed_at=changed_at(rows) or max(filter(None, moments), default=None),
        notes=night.notes,
    )


def _whole(night: Asking, past: Past) -> Snapshot:
    """Return everything, and what it shows of the changes that were told until now."""
    found = night.everything()
    if found.certificate.grade is Grade.A:
        caught = _untold(night, past, found)
        if caught is not None:
            night.note(f"整体拉取发现增量不可信：{caught}；在整体拉取再次与所告知的变更一致之前，每次都整体拉取")
        largest = max(found.rows.group_by("page_no").len()["len"], default=1)
        more = {"asked": list(night.asked)[: -(-found.rows.height // largest)], "largest": largest}
        turn = 0 if past.mark is None else past.mark.turn
        since = _since(night, found.rows)
        night.leave(Mark(since, day_of(night.taken_at), turn, found.unknown_fields, caught, more))
    return replace(found, taken_at=night.taken_at, pages=tuple(night.pages), notes=night.notes)


def _untold(night: Asking, past: Past, found: Snapshot) -> str | None:
    """Return which differences from the snapshot in force its source never told, None where it told them all.

    Asked after the whole pull: whatever that saw must have been told by then.
    """
    if past.base is None or past.mark is None or past.mark.since is None:
        return None
    different = differing(past.base.rows.whole, found.rows)
    if not different:
        return None
    since = past.mark.since
    try:
        told = readable(lambda: night.changes(since))
    except Unproved as error:
        return f"有 {len(different):,} 个编码的内容变了，{error}"
    untold = different - told.keys
    return f"没有被告知的变化 {some(untold)}" if untold else None


def _upon(base: LastGood, told: Told) -> Merged:
    """Return the base with its changes; raises ``Unproved`` where they cannot be put upon it."""
    new = sorted(set(told.changed.columns) - set(base.rows.columns))
    if new:
        raise Unproved(f"变更中出现快照里没有的列 {'、'.join(new)}")
    if NO_CODE in told.keys:
        raise Unproved("变更列表中有的条目没有编码")
    return put_upon(base.rows.whole, told.changed, told.gone)


def _samples(night: Asking, mark: Mark, height: int, wanted: int) -> list[int | str]:
    """Return by what pages are asked for again: others every night, until all had their turn."""
    largest, first = int(mark.more["largest"]), getattr(night.source, "first_page", 1)
    pages = -(-height // largest) or 1
    asked: list[int | str] = list(mark.more["asked"][:pages])
    if all(isinstance(each, int) for each in asked):
        asked = list(range(first, first + pages))
    return [asked[place] for place in sorted({(mark.turn + more) % len(asked) for more in range(wanted)})]


def _agreed(merged: Merged, samples: list[Snapshot]) -> str:
    """Return in words how the pages that were asked outright agree; raises ``Unproved`` where they do not."""
    totals = sorted({each.certificate.declared for each in samples}, key=str)
    if totals != [merged.rows.height]:
        told = "、".join("没有" if total is None else f"{total:,}" for total in totals)
        raise Unproved(f"声明总数 {told}，合并后 {merged.rows.height:,}")
    rows = sum(each.rows.height for each in samples)
    if rows == 0 and merged.rows.height:
        raise Unproved("抽查的页是空的")
    for each in samples:
        new = sorted(set(each.rows.columns) - set(merged.rows.columns))
        if new:
            raise Unproved(f"抽查的页有快照里没有的列 {'、'.join(new)}")
        if differ := lacking(each.rows, merged.rows):
            raise Unproved(f"抽查的页与合并后不符：{some(differ)}")
    return f"另直接抽查 {len(samples)} 页 {rows:,} 条，一致"


def _since(night: Asking, rows: pl.DataFrame) -> datetime:
    """Return since when the next pull asks: by the source's clock where it shows it, and never later than by ours.

    A source that shows no clock is asked since the latest moment in its own rows: its clock may be behind ours.
    """
    theirs = night.answered_at or changed_at(rows, night.taken_at)
    return night.taken_at if theirs is None else min(theirs, night.taken_at)
