"""A difference's identity as one text, in SQL and in Python alike: under the codes it goes on under."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from typing import Any

import sqlalchemy as sa

from citysync.domain.carry import Carry
from citysync.domain.life import IDENTITY, identity_of

_BETWEEN = "\x1f"
_BODY, _MIDDLE, _ITEM, _REST = (1, 18), (19, 1), (20, 12), 32  # of a 实施编码, counted from 1 as SQL counts
_WHOLE = 31
Columns = Mapping[str, sa.ColumnElement[Any]]


def key(columns: Columns, carry: Carry) -> sa.ColumnElement[str]:
    """Return the text of a row's identity. ``columns``: those of ``IDENTITY`` by name."""
    said = {name: sa.func.coalesce(columns[name], sa.literal("", sa.Text)) for name in IDENTITY}
    carried = {name: _carried(name, column, carry) for name, column in said.items()}
    text: sa.ColumnElement[str] = carried[IDENTITY[0]]
    for name in IDENTITY[1:]:
        text = text + _BETWEEN + carried[name]
    return text


def key_of(row: Mapping[str, object], carry: Carry) -> str:
    """Return the same text for a row that was read."""
    return _BETWEEN.join("" if part is None else str(part) for part in carry.row(IDENTITY, identity_of(row)))


def of_items(
    catalog_code: sa.ColumnElement[Any], rows: Iterable[Mapping[str, object]], carry: Carry
) -> sa.ColumnElement[bool]:
    """Return whether a life can be one of the rows' by its 基本编码, which is indexed: today's, a former one, none.

    None is asked for only where a row has none: beside a list of codes it would cost the index.
    """
    today = {row["catalog_code"] or None for row in rows}
    former = {old for old, new in carry.items.items() if new in today}
    coded = catalog_code.in_(today - {None} | former)
    return sa.or_(catalog_code.is_(None), catalog_code == "", coded) if None in today else coded


def among(values: Collection[str], *, sqlite: bool) -> sa.Select[Any]:
    """Return a list of any length as a query: databases count the parameters of an ``IN``."""
    text = sa.literal(json.dumps(list(values)), sa.Text)
    if sqlite:
        return sa.select(sa.func.json_each(text).table_valued("value").c.value)
    return sa.select(sa.func.json_array_elements_text(sa.cast(text, sa.JSON)).table_valued("value").c.value)


def _carried(name: str, column: sa.ColumnElement[str], carry: Carry) -> sa.ColumnElement[str]:
    if name == "areacode":
        return _moved(column, carry.regions)
    if name == "catalog_code":
        return _moved(column, carry.items)
    if name not in {"task_code", "task_handle_item"} or not (carry.bodies or carry.alone):
        return column
    body, item = _moved(_part(column, *_BODY), carry.bodies), _moved(_part(column, *_ITEM), carry.alone)
    whole = body + _part(column, *_MIDDLE) + item + sa.func.substr(column, _REST)
    return sa.case((sa.func.length(column) >= _WHOLE, whole), else_=column)


def _part(column: sa.ColumnElement[str], start: int, length: int) -> sa.ColumnElement[str]:
    return sa.cast(sa.func.substr(column, start, length), sa.Text)


def _moved(column: sa.ColumnElement[str], moved: Mapping[str, str]) -> sa.ColumnElement[str]:
    changed = {old: new for old, new in moved.items() if old != new}
    if not changed:
        return column
    # Almost no row has a former code: one look-up spares each of them the walk along the whole list.
    return sa.case((column.in_(changed), sa.case(changed, value=column, else_=column)), else_=column)
