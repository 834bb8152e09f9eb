"""A front-end database read by its news: batches that grew since last night, put upon the snapshot in force, proved.

All in one read-only transaction. The proof: as many items are in force by the server's own count as after merging, and
some hundred codes, others every night, whose every operation is read and folded anew, are as merged.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any

import polars as pl
from pydantic import Field

from citysync.domain.memory import LastGood
from citysync.domain.strict import Strict
from connectors._mark import Mark
from connectors._sql_groups import Coded, Facts, Group, Words
from connectors._told import Table, Told
from connectors._upon import NO_CODE, Merged, differing, key_texts, put_upon, some

_MOST_GROUPS = 200
_WORTH_A_QUARTER = 4
_AT_ONCE = 500
Groups = Mapping[str, Mapping[Group, Facts]]


class Batches(Strict):
    """How a database is read by its news: ``[source.changes]``; docs/sources.md says what each key means."""

    sample_codes: Annotated[int, Field(ge=1, le=10_000)] = 200
    whole_every_days: Annotated[int, Field(ge=1, le=31)] = 7


class Unproved(Exception):
    """The news, or what came of them, are not what they should be; the text is for people."""


@dataclass
class News:
    """One reading of what is new. ``read``: codes → each table's operations of them, and its items in force."""

    told: Told
    words: Words
    tables: Sequence[Table]
    read: Callable[[Coded], list[tuple[pl.DataFrame, pl.DataFrame]]]
    groups: dict[str, dict[Group, Facts]] = field(default_factory=dict)

    def merged(self, base: LastGood, mark: Mark, sample: int) -> tuple[Merged, str]:
        """Return the snapshot in force with the news, and in words how it is proved; raises ``Unproved``."""
        self.groups = grouped(self.told, self.words, self.tables)
        if mark.more["columns"] != columns_of(self.tables):
            raise Unproved("表结构有变化")
        codes = self._touched(grown(read_groups(mark.more["groups"]), self.groups), base.rows.height)
        merged = self._put(base.rows.whole, codes)
        counted = sum(self.told.in_force(table.name, self.words) for table in self.tables)
        if counted != merged.rows.height:
            raise Unproved(f"数据库自计在用 {counted:,} 条，合并后 {merged.rows.height:,} 条")
        return merged, f"数据库自计在用 {counted:,} 条与合并后一致；{self._sampled(merged.rows, mark.turn, sample)}"

    def _touched(self, wanted: Mapping[str, Sequence[Group]], height: int) -> list[str]:
        if sum(map(len, wanted.values())) > _MOST_GROUPS:
            raise Unproved("有变化的批次过多，整体读取更省")
        found: set[str] = set()
        for name, groups in wanted.items():
            found.update(self.told.codes(name, self.words, groups) if groups else ())
        if NO_CODE in found:
            raise Unproved("新批次中有的行没有编码")
        if len(found) > max(height // _WORTH_A_QUARTER, _AT_ONCE):
            raise Unproved(f"新批次涉及 {len(found):,} 个编码，整体读取更省")
        return sorted(found)

    def _put(self, base: pl.DataFrame, codes: Sequence[str]) -> Merged:
        operations, folded = self._of(codes)
        if not set(folded.columns) <= set(base.columns):
            raise Unproved("表结构有变化")
        return put_upon(base, folded, operations - set(key_texts(folded)))

    def _of(self, codes: Sequence[str]) -> tuple[set[str], pl.DataFrame]:
        """Return the keys of all operations of some codes, and the items of them in force."""
        keys: set[str] = set()
        frames = []
        for start in range(0, len(codes), _AT_ONCE):
            only = Coded(self.words.task_code, tuple(codes[start : start + _AT_ONCE]))
            for operations, folded in self.read(only):
                keys.update(key_texts(operations))
                frames.append(folded)
        empty = pl.DataFrame(schema={"row_no": pl.Int64(), "page_no": pl.Int64()})
        return keys, pl.concat([empty, *frames], how="diagonal")

    def _sampled(self, rows: pl.DataFrame, turn: int, wanted: int) -> str:
        known = sorted(set(rows["task_code"].drop_nulls())) if "task_code" in rows.columns else []
        chosen = sorted({known[(turn + more) % len(known)] for more in range(min(wanted, len(known)))})
        _, found = self._of(chosen)
        expected = rows.filter(pl.col("task_code").is_in(chosen)) if chosen else rows.clear()
        if differ := differing(expected, found):
            raise Unproved(f"抽查的编码与合并后不符：{some(differ)}")
        return f"另直接抽查 {len(chosen):,} 个编码，一致"


def grouped(told: Told, words: Words, tables: Iterable[Table]) -> dict[str, dict[Group, Facts]]:
    """Return every table's batches; raises ``Unproved`` where a table does not tell its news."""
    found = {}
    for table in tables:
        if not words.told_by(table.columns):
            raise Unproved(f"表 {table.name} 没有编码、cd_operation 或 cd_time，不能只读新批次")
        found[table.name] = told.groups(table.name, words)
    return found


def grown(before: Groups, now: Groups) -> dict[str, list[Group]]:
    """Return the batches that are new or have other rows; raises ``Unproved`` where one is gone."""
    for name, groups in before.items():
        if lost := groups.keys() - now.get(name, {}).keys():
            batch, day = min(lost, key=str)
            raise Unproved(f"表 {name} 的批次 {batch or '空'}（{day or '无日期'}）等 {len(lost):,} 个不见了")
    return {
        name: [group for group, facts in groups.items() if before.get(name, {}).get(group) != facts]
        for name, groups in now.items()
    }


def written_groups(groups: Groups) -> dict[str, list[list[Any]]]:
    """Return batches as JSON has them."""
    return {name: [[*group, *facts] for group, facts in each.items()] for name, each in groups.items()}


def read_groups(written: Mapping[str, Sequence[Sequence[Any]]]) -> dict[str, dict[Group, Facts]]:
    """Return batches as they were written."""
    return {name: {(batch, day): (count, last) for batch, day, count, last in each} for name, each in written.items()}


def columns_of(tables: Iterable[Table]) -> dict[str, list[str]]:
    """Return what columns each table has, as JSON has it."""
    return {table.name: list(table.columns) for table in tables}
