"""A difference's identity as one text, in SQL and in Python alike: under the codes it goes on under."""

from __future__ import annotations

from collections.abc import Mapping
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
    said = {name: sa.cast(sa.func.coalesce(columns[name], ""), sa.Text) for name in IDENTITY}
    carried = {name: _carried(name, column, carry) for name, column in said.items()}
    text: sa.ColumnElement[str] = carried[IDENTITY[0]]
    for name in IDENTITY[1:]:
        text = text + _BETWEEN + carried[name]
    return text


def key_of(row: Mapping[str, object], carry: Carry) -> str:
    """Return the same text for a row that was read."""
    return _BETWEEN.join("" if part is None else str(part) for part in carry.row(IDENTITY, identity_of(row)))


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
    return sa.case(changed, value=column, else_=column) if changed else column
