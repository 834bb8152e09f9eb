"""A kit's directory put together: from all its rows, or from the snapshot in force and what changed since."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from operator import lt

import polars as pl

from citysync.domain.city import City
from citysync.domain.errors import Unreadable
from citysync.domain.kept_rows import InHand, OfKept
from citysync.domain.snapshot import MERGED
from connectors._door import Door
from connectors._http import Expired
from connectors._kit_entries import Known
from connectors._kit_index import Base, Index
from connectors._kit_merged import Merged, merged
from connectors._kit_talk import Contradicted, Line, Manifest, Talk
from connectors._kit_tree import differences
from connectors._mapping import Plan, in_order, placed, plan_for, stacked, to_frame

_MOST_KEYS = 20_000  # in one request; beyond it, and beyond a quarter of the rows, a whole pull costs less
_WORTH_A_QUARTER = 4


@dataclass(frozen=True)
class Received:
    """A directory as it came.

    ``in_hand``: its rows, in the order of ``index``'s keys; ``problems``: why it is not proved.
    """

    index: Index
    in_hand: InHand
    how: str
    problems: tuple[str, ...] = ()

    @property
    def rows(self) -> pl.DataFrame:
        """Return the rows."""
        return self.in_hand.whole


def whole(talk: Talk, manifest: Manifest, city: City, door: Door) -> Received:
    """Return the directory from all its rows; what does not fit the manifest is a problem, never an error."""
    lines: list[Line] = []
    problems: list[str] = []
    try:
        lines.extend(talk.whole(manifest))
    except Contradicted as error:
        problems.append(str(error))
    entries = Known([each.key for each in lines], b"".join(each.hash for each in lines))
    index = Index(manifest.snapshot, manifest.fields, entries, 0)
    problems += _unproved(index, manifest)
    if any(each.values is None for each in lines):
        problems.append("整体拉取中有已删除的行")
    plan = plan_for(city, door.columns)
    rows = in_order(stacked(_frames([each for each in lines if each.values is not None], manifest, plan)), door.columns)
    return Received(index, InHand(rows), f"整体拉取，{talk.asked} 次请求", tuple(problems))


def changed(talk: Talk, manifest: Manifest, base: Base, city: City, door: Door) -> tuple[Received, str]:
    """Return the directory from the snapshot in force and what changed since, proved, with a note for people.

    Raises ``Contradicted`` where what comes of it is not what the manifest says.
    """
    before = base.index
    if before.digest == manifest.digest:
        return _as_it_was(talk, manifest, base), _noted("没有变化")
    upserts, gone, way = _difference(talk, manifest, before)
    found = merged(before.entries, upserts, gone)
    index = Index(manifest.snapshot, manifest.fields, Known(found.keys, found.packed), before.since_whole + 1)
    _refuse(_unproved(index, manifest))
    in_hand = _rebuilt(base, found, list(upserts.values()), manifest, plan_for(city, door.columns), door.columns)
    note = _noted(way, found.inserted, len(upserts) - found.inserted, len(gone))
    return Received(index, in_hand, f"{MERGED}，{talk.asked} 次请求"), note


def _as_it_was(talk: Talk, manifest: Manifest, base: Base) -> Received:
    """Return the snapshot in force as it stands: its hashes have the manifest's digest; their order was proved then."""
    index = Index(manifest.snapshot, manifest.fields, base.index.entries, base.index.since_whole + 1)
    _refuse(_miscounted(index, manifest))
    rows = _of_earlier(base)
    return Received(index, OfKept(rows, base.rows, rows.clear(), None), f"{MERGED}，{talk.asked} 次请求")


def _noted(way: str, inserted: int = 0, updated: int = 0, gone: int = 0) -> str:
    counts = f"新增 {inserted:,} 条，修改 {updated:,} 条，删除 {gone:,} 条"
    return f"增量拉取（{way}）：{counts}；整体摘要已证实"


def _refuse(problems: Sequence[str]) -> None:
    if problems:
        raise Contradicted("；".join(problems))


def _difference(talk: Talk, manifest: Manifest, before: Index) -> tuple[dict[str, Line], set[str], str]:
    """Return the rows to put in, the keys to take out, and how they were found."""
    if before.snapshot in manifest.kept:
        try:
            lines = talk.changes(manifest, before.snapshot)
        except Expired:
            pass  # it was kept a moment ago; the tree needs no earlier snapshot
        else:
            return {each.key: each for each in lines if each.values is not None}, _gone(lines), "变更列表"
    try:
        found = differences(manifest.count, before.entries, partial(talk.tree, manifest))
    except Expired:
        raise
    except Unreadable as error:  # a server with no tree, or that refuses keys it does not know
        raise Contradicted(f"摘要树：{error}") from error
    if len(found.wanted) > min(_MOST_KEYS, max(manifest.count // _WORTH_A_QUARTER, 100)):
        raise Contradicted(f"与上次不同的有 {len(found.wanted):,} 条，整体拉取更省")
    lines = talk.rows(manifest, found.wanted) if found.wanted else []
    return {each.key: each for each in lines if each.values is not None}, set(found.gone), "摘要树"


def _gone(lines: Iterable[Line]) -> set[str]:
    return {each.key for each in lines if each.values is None}


def _unproved(index: Index, manifest: Manifest) -> list[str]:
    """Return how a directory is not the one its manifest speaks of."""
    problems = _miscounted(index, manifest)
    if not all(map(lt, index.keys, islice(index.keys, 1, None))):
        problems.append("键没有按次序，或有重复")
    if index.digest != manifest.digest:
        problems.append(f"整体摘要应为 {manifest.digest[:12]}，实收 {index.digest[:12]}")
    return problems


def _miscounted(index: Index, manifest: Manifest) -> list[str]:
    told = f"清单写明 {manifest.count:,} 条，实际 {index.count:,} 条"
    return [] if index.count == manifest.count else [told]


def _frames(lines: Sequence[Line], manifest: Manifest, plan: Plan) -> list[pl.DataFrame]:
    """Return the rows as frames, one an answer; even without rows the columns are those of the manifest."""
    by_page: dict[int, list[Sequence[str | None]]] = {}
    for line in lines:
        by_page.setdefault(line.page_no, []).append(line.values or ())
    asked = set(plan.paths.values()).intersection(manifest.fields)
    empty = placed(pl.DataFrame(schema=dict.fromkeys(sorted(asked), pl.String)), plan, [])
    return [empty, *(_framed(rows, manifest, plan, number) for number, rows in by_page.items())]


def _framed(rows: Sequence[Sequence[str | None]], manifest: Manifest, plan: Plan, page_no: int) -> pl.DataFrame:
    """Return the rows of one answer, all of them texts or nothing, column by column."""
    asked = set(plan.paths.values())
    sent = zip(manifest.fields, zip(*rows, strict=True), strict=True)
    try:
        columns = [pl.Series(name, values, dtype=pl.String) for name, values in sent if name in asked]
    except UnicodeEncodeError:  # half a surrogate pair, which is shown as the escape that was sent
        return to_frame([dict(zip(manifest.fields, row, strict=True)) for row in rows], plan, page_no)
    return placed(pl.DataFrame(columns), plan, [page_no] * len(rows))


def _rebuilt(
    base: Base, found: Merged, lines: Sequence[Line], manifest: Manifest, plan: Plan, columns: tuple[str, ...]
) -> InHand:
    """Return the rows in the order of the keys, numbered anew, with the hashes of those there were."""
    fresh = in_order(stacked(_frames(lines, manifest, plan)), columns)
    rows = found.rows(_of_earlier(base).select(fresh.columns), fresh)
    rows = rows.with_columns(row_no=pl.int_range(1, pl.len() + 1, dtype=pl.Int64))
    if set(base.rows.columns) != set(fresh.columns):  # the hashes kept are those of more columns
        return InHand(rows)
    return OfKept(rows, base.rows, fresh, found.places)


def _of_earlier(base: Base) -> pl.DataFrame:
    """Return the rows of the base, which have page 0, as those of a look-up have."""
    return base.rows.whole.with_columns(page_no=pl.lit(0, dtype=pl.Int64))
