"""Records as a source sends them, and their values as text: what needs no frame. Pure, and without polars."""

from __future__ import annotations

import json
from abc import ABC
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from decimal import Decimal

from citysync.domain.errors import Unreadable

Record = Mapping[str, object]
_EXACT_INTEGERS = 1e15  # a spreadsheet keeps 15 digits


class LookedInto(Exception):
    """Somebody wants to see, as a value, rows that were put aside."""


class Rows(Sequence[Record], ABC):
    """A page's rows that are no list of objects in memory, but stand for one of at least two.

    ``mark``: the hash of their text, None where nobody asked.
    """

    mark: int | None = None

    def __str__(self) -> str:
        raise LookedInto


class Number(str):
    """The text of a cell that held a number: where a code should stand, digits or zeros may be lost already."""

    __slots__ = ()


def dig(document: object, path: str) -> object | None:
    """Return what stands at a dotted path, None if nothing does; a list of one stands for its element."""
    found = document
    for step in path.split("."):
        while isinstance(found, list) and len(found) == 1:
            found = found[0]
        if not isinstance(found, dict) or step not in found:
            return None
        found = found[step]
    return found


def as_records(found: object, place: str) -> Sequence[Record]:
    """Return the rows of a document; raises ``Unreadable`` where there is no list of objects."""
    if isinstance(found, Rows):
        return found
    if not isinstance(found, list):
        raise Unreadable(f"{place}应是列表，实际是{_kind(found)}；请检查 items 路径", place=place)
    for number, record in enumerate(found, start=1):
        if not isinstance(record, dict):
            raise Unreadable(f"{place}第 {number} 条应是对象，实际是{_kind(record)}", place=place)
    return found


def text(value: object) -> str | None:
    """Return a value as text: blank is null, lists of scalars are joined by ``,``, what is nested is compact JSON."""
    if value is None or isinstance(value, str):
        return value if value and not value.isspace() else None
    if isinstance(value, list | dict):
        return _nested_text(value)
    return scalar_text(value)


def number_text(value: float) -> str:
    """Return the shortest text of a number: ``20``, ``20.5``; beyond 15 digits ``1.14403000075411e+30``.

    A code that a spreadsheet turned into a number thus shows its damage instead of looking like a code again.
    """
    return str(int(value)) if value.is_integer() and abs(value) < _EXACT_INTEGERS else repr(value)


def _nested_text(value: list[object] | dict[str, object]) -> str | None:
    if isinstance(value, list) and not any(isinstance(part, list | dict) for part in value):
        return ",".join(filter(None, map(text, value))) or None
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=text) if value else None


def scalar_text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return number_text(value)
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, datetime):
        return value.isoformat(sep=" ")
    return value.isoformat() if isinstance(value, date | time) else str(value)


def _kind(value: object) -> str:
    if value is None:
        return "空"
    return {"dict": "对象", "list": "列表", "bool": "布尔值"}.get(type(value).__name__, f"文本“{str(value)[:50]}”")
