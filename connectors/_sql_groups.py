"""What a front-end database is asked so that only news has to be read: its batches, and how many items are in force.

A table of operations only grows, so a batch of a day that has as many rows as before, the last of them as before, was
read before. All is worked out by the server, in words that SQLite, PostgreSQL, MariaDB and MySQL share.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

_DAY = 10  # letters of a date
_HANDLE_ITEM, _TASK = 33, 31
_WIDE = 200
Group = tuple[str | None, str | None]  # the batch, and the day its rows speak of
Facts = tuple[int, str | None]  # how many rows, and the latest of their times


@dataclass(frozen=True, slots=True)
class Words:
    """What a city's tables call the columns of operations, and its words for i, u and d."""

    task_code: str
    task_handle_item: str
    operation: str
    time: str
    batch: str
    meanings: Mapping[str, str]

    def told_by(self, columns: Sequence[str]) -> bool:
        """Return whether a table tells its news: it has codes, operations and times."""
        return {self.task_code, self.operation, self.time} <= set(columns)


@dataclass(frozen=True, slots=True)
class Coded:
    """Rows of some codes, each as it was written."""

    column: str
    codes: tuple[str, ...]

    def rows_of(self, table: sa.Table) -> sa.ColumnElement[bool]:
        """Return which rows of a table speak of the codes."""
        return _text(table, self.column).in_(self.codes)

    def __str__(self) -> str:
        """Return what stands for the codes on a tape."""
        return hashlib.sha256(json.dumps(self.codes, ensure_ascii=False).encode()).hexdigest()


def groups(table: sa.Table, words: Words) -> sa.Select[Any]:
    """Return the question for every batch and day: how many rows, and the latest time among them."""
    batch, day = _group(table, words)
    # A question within: as parameters, the letters of a date would not be the same twice to PostgreSQL.
    told = sa.select(batch.label("batch"), day.label("day"), _text(table, words.time).label("time")).subquery()
    parts = (told.c.batch, told.c.day)
    return sa.select(*parts, sa.func.count(), sa.func.max(told.c.time)).group_by(*parts)


def codes_of(table: sa.Table, words: Words, wanted: Sequence[Group]) -> sa.Select[Any]:
    """Return the question for the codes that the rows of some groups speak of."""
    parts = _group(table, words)
    chosen = [sa.and_(*(_is(part, value) for part, value in zip(parts, each, strict=True))) for each in wanted]
    return sa.select(_text(table, words.task_code)).where(sa.or_(*chosen)).distinct()


def in_force(table: sa.Table, words: Words, written: Sequence[sa.ColumnElement[Any]]) -> sa.Select[Any]:
    """Return the question for how many items are in force: as ``folded`` decides, as far as SQL can read codes."""
    sent = sa.func.nullif(sa.func.trim(_text(table, words.task_code)), "")
    handle: sa.ColumnElement[Any] = sa.null()
    if words.task_handle_item in table.columns:
        handle = sa.func.nullif(sa.func.trim(_text(table, words.task_handle_item)), "")
    both = sa.and_(sa.func.length(sent) == _HANDLE_ITEM, handle.is_(None))
    code = sa.case((both, sa.func.substr(sent, 1, _TASK)), else_=sent)
    item = sa.case((both, sent), else_=sa.func.coalesce(handle, ""))
    order = sa.func.row_number().over(partition_by=(code, item), order_by=_latest_first(table, words, written))
    ranked = sa.select(code.label("code"), _operation(table, words).label("operation"), order.label("place")).subquery()
    last = sa.or_(ranked.c.place == 1, ranked.c.code.is_(None))
    return sa.select(sa.func.count()).select_from(ranked).where(last, ranked.c.operation != "d")


def _latest_first(
    table: sa.Table, words: Words, written: Sequence[sa.ColumnElement[Any]]
) -> list[sa.ColumnElement[Any]]:
    time = table.columns[words.time]
    order: list[sa.ColumnElement[Any]] = [sa.case((time.is_(None), 0), else_=1).desc(), time.desc()]
    if words.batch in table.columns:
        batch = sa.func.coalesce(_text(table, words.batch), "")
        order += [sa.func.length(batch).desc(), batch.desc()]  # numbers as numbers
    return [*order, *(column.desc() for column in written)]


def _operation(table: sa.Table, words: Words) -> sa.ColumnElement[Any]:
    sent = sa.func.trim(_text(table, words.operation))
    meant = sa.case(words.meanings, value=sent, else_=sent) if words.meanings else sent
    return sa.func.lower(meant)


def _group(table: sa.Table, words: Words) -> tuple[sa.ColumnElement[Any], sa.ColumnElement[Any]]:
    day = sa.func.substr(_text(table, words.time), 1, _DAY)
    batch = _text(table, words.batch) if words.batch in table.columns else sa.cast(sa.null(), sa.String(_WIDE))
    return batch, day


def _is(part: sa.ColumnElement[Any], value: str | None) -> sa.ColumnElement[bool]:
    return part.is_(None) if value is None else part == value


def _text(table: sa.Table, column: str) -> sa.ColumnElement[Any]:
    return sa.cast(table.columns[column], sa.String(_WIDE))
