"""One night of a front-end database: its news upon the snapshot in force where that is proved, and what is left of it.

Without ``changes`` in the city file every night is whole, and nothing is remembered.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

import polars as pl

from citysync.domain.city import City
from citysync.domain.snapshot import MERGED, Certificate, Grade, RawPage
from connectors._certify import single
from connectors._door import Door
from connectors._mapping import distinct_keys, plan_for
from connectors._mark import Mark, Past, day_of, kept, remembered, too_old
from connectors._sql_groups import Group, Words
from connectors._sql_reading import Reading
from connectors._sql_since import Batches, News, Unproved, columns_of, grouped, grown, read_groups, written_groups
from connectors._told import Told
from connectors._upon import differing, key_texts, some

_DAY = 10
_NAMES = ("task_code", "task_handle_item", "cd_operation", "cd_time", "cd_batch")


@dataclass
class Night:
    """What one pull rests on, and what it leaves. ``mark``: where the next pull goes on, once this one is proved."""

    city: City
    changes: Batches | None
    door: Door
    taken_at: datetime
    past: Past
    words: Words
    before: tuple[RawPage, ...] = ()
    mark: Mark | None = None
    _notes: dict[str, None] = field(default_factory=dict)
    _failed: bool = False

    @classmethod
    def begun(cls, city: City, changes: Batches | None, door: Door, taken_at: datetime) -> Night:
        """Return the night with what is remembered of the one before; its pages are kept behind those of that."""
        paths = plan_for(city, door.columns).paths
        code, item, operation, time, batch = (paths.get(name, name) for name in _NAMES)
        words = Words(code, item, operation, time, batch, city.values.get("cd_operation", {}))
        if changes is None:
            return cls(city, None, door, taken_at, Past(), words)
        pages: list[RawPage] = []

        def keep(data: bytes, number: int, url: str) -> RawPage:
            pages.append(door.keep(data, number, url))
            return pages[-1]

        past = remembered(city, replace(door, keep=keep), 1)
        numbered = replace(door, keep=lambda data, number, url: door.keep(data, number + len(pages), url))
        return cls(city, changes, numbered, taken_at, past, words, tuple(pages))

    @property
    def notes(self) -> tuple[str, ...]:
        """Return what is told of the night."""
        return tuple(self._notes)

    def news(self, told: Told, reading: Reading) -> tuple[pl.DataFrame, Certificate] | None:
        """Return the directory by its news, proved; None where everything has to be read."""
        changes, past = self.changes, self.past
        if changes is None or self._failed:
            return None
        why = too_old(past, day_of(self.taken_at), changes.whole_every_days)
        if past.base is None or past.mark is None or why is not None:
            self._notes |= {f"整体拉取：{why}": None} if why else {}
            return None
        found = News(told, self.words, reading.tables, lambda only: reading.operations(told, only))
        try:
            merged, proof = found.merged(past.base, past.mark, changes.sample_codes)
        except Unproved as error:
            self._failed = True
            self._notes[f"增量未能证实（{error}），已改为整体拉取"] = None
            return None
        more = {"groups": written_groups(found.groups), "columns": columns_of(reading.tables)}
        self.mark = replace(past.mark, turn=past.mark.turn + changes.sample_codes, more=more)
        self._notes[f"增量拉取：{merged}"] = None
        whole = f"其余各条据批次行数未变，上次整体拉取 {past.mark.whole_on}"
        proof = f"{MERGED}：以 {past.base.on} 的快照为底，并入新批次（{merged}）；{proof}；{whole}"
        facts = {"declared": merged.rows.height, "pages": len(reading.pages)}
        return merged.rows, single(Grade.A, merged.rows.height, distinct_keys(merged.rows), proof, **facts)

    def remember(self, told: Told, reading: Reading, sent: Sequence[pl.DataFrame], rows: pl.DataFrame) -> None:
        """Remember a whole reading for the next night, and what its batches had not told."""
        if self.changes is None:
            return
        try:
            groups = grouped(told, self.words, reading.tables)
        except Unproved as error:
            self._notes[f"不能只读新批次：{error}"] = None
            return
        mark = self.past.mark
        caught = None
        if self.past.base is not None and mark is not None:
            try:
                wanted = grown(read_groups(mark.more["groups"]), groups)
            except Unproved:  # batches were cleared away: the others are those that changed
                wanted = {name: list(each) for name, each in groups.items()}
            names = [table.name for table in reading.tables]
            untold = differing(self.past.base.rows.whole, rows) - _spoken_of(
                dict(zip(names, sent, strict=True)), wanted
            )
            caught = f"没有新批次的变化 {some(untold)}" if untold else None
        if caught is not None:
            self._notes[f"整体拉取发现增量不可信：{caught}；在整体拉取再次与新批次一致之前，每次都整体拉取"] = None
        more = {"groups": written_groups(groups), "columns": columns_of(reading.tables)}
        self.mark = Mark(None, day_of(self.taken_at), 0 if mark is None else mark.turn, (), caught, more)

    def left(self, reading: Reading) -> tuple[RawPage, ...]:
        """Return the night's pages, that where the next one goes on included."""
        pages = (*self.before, *reading.pages)
        return pages if self.mark is None else (*pages, kept(self.mark, self.city, self.door, reading.number))


def _spoken_of(tables: dict[str, pl.DataFrame], wanted: dict[str, list[Group]]) -> set[str]:
    """Return the keys that the rows of some groups speak of."""
    keys: set[str] = set()
    for name, rows in tables.items():
        if "cd_time" not in rows.columns:  # an empty table
            continue
        batch = pl.col("cd_batch") if "cd_batch" in rows.columns else pl.lit(None, dtype=pl.String)
        groups = rows.select(batch.alias("batch"), pl.col("cd_time").str.slice(0, _DAY).alias("day"))
        told = {(_plain(batch_no), _plain(day)) for batch_no, day in wanted.get(name, ())}
        spoken = [(_plain(batch_no), _plain(day)) in told for batch_no, day in groups.iter_rows()]
        chosen = pl.Series(spoken, dtype=pl.Boolean)
        keys.update(key_texts(rows.filter(chosen)))
    return keys


def _plain(part: str | None) -> str | None:
    return (part or "").strip() or None
