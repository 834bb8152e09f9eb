"""Under which codes a difference goes on when its county, its body or its item got another code.

A change of codes alone is neither a correction nor a relapse: what was open stays open, as old as it was.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

import polars as pl

from citysync.domain.identity import ONE_TO_ONE, Change, Identity, Scope, in_force
from citysync.domain.successions import single_heirs

_BODY, _LEVEL = 18, 19  # of a 实施编码: 统一社会信用代码 18, 行使层级 1, 基本编码 12
_CATALOG_END = 31
_TASKS = frozenset({"task_code", "task_handle_item"})


@dataclass(frozen=True)
class Carry:
    """Old code → the code it goes on under: divisions, catalogue items and bodies. A split goes on under none.

    ``alone``: those of ``items`` that became one by themselves. The rows of a merger stay several rows.
    """

    regions: Mapping[str, str] = field(default_factory=dict)
    items: Mapping[str, str] = field(default_factory=dict)
    alone: Mapping[str, str] = field(default_factory=dict)
    bodies: Mapping[str, str] = field(default_factory=dict)

    def code(self, column: str, value: str) -> str:
        """Return the code a column's value goes on under, the value itself where nothing became of it."""
        if column == "areacode":
            return self.regions.get(value, value)
        if column == "catalog_code":
            return self.items.get(value, value)
        if column not in _TASKS or len(value) < _CATALOG_END:
            return value
        body, item = value[:_BODY], value[_LEVEL:_CATALOG_END]
        middle = value[_BODY:_LEVEL]
        return f"{self.bodies.get(body, body)}{middle}{self.alone.get(item, item)}{value[_CATALOG_END:]}"

    def row(self, columns: Sequence[str], values: Iterable[object]) -> tuple[object, ...]:
        """Return values of the columns as they go on."""
        named = zip(columns, values, strict=True)
        return tuple(self.code(name, value) if isinstance(value, str) else value for name, value in named)

    def frame(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Return a frame with its columns of codes as they go on."""
        named = ("areacode", "catalog_code", *sorted(_TASKS))
        return rows.with_columns(self.series(name, rows.get_column(name)) for name in named)

    def series(self, column: str, values: pl.Series) -> pl.Series:
        """Return a column's values as they go on."""
        tasks = self.alone or self.bodies if column in _TASKS else {}
        if not {"areacode": self.regions, "catalog_code": self.items}.get(column, tasks):
            return values
        known = (value for value in values.unique() if value is not None)
        moved = {value: new for value in known if (new := self.code(column, value)) != value}
        return values.replace(moved) if moved else values  # of hundreds of divisions that are no more, few are met


def carry_of(identities: Iterable[Identity], on: date) -> Carry:
    """Return how codes go on for a run: succession of divisions on its day, and what people confirmed before it.

    A rename keeps its codes and needs nothing; a split is several items, of which none is the old one.
    """
    known = tuple(identities)
    items, bodies = in_force(known, Scope.CATALOG, on), in_force(known, Scope.BODY, on)
    alone = [each for each in items if each.change in ONE_TO_ONE]
    return Carry(single_heirs(on), _single(items), _single(alone), _single(bodies))


def _single(identities: Iterable[Identity]) -> dict[str, str]:
    moved = {code: each.after[0] for each in identities if each.change is not Change.SPLIT for code in each.before}
    return {code: _last(code, moved) for code in moved}


def _last(code: str, moved: Mapping[str, str]) -> str:
    """Return where a chain of changes ends; a code that comes round again goes nowhere."""
    seen, at = set[str](), code
    while at in moved:
        if at in seen:
            return code
        seen.add(at)
        at = moved[at]
    return at
