"""Pairing what vanished with what appeared: one to one, one to several, several to one. Proposals, never decisions.

1. The same name and type, once on each side: a re-coding.
2. One side's family (same core of the name, or same main part of the code) against one item: a split or a merger.
3. Names that are alike: the same core, or near it, with the same marks, each the other's best, no second near it.

What is ambiguous is not proposed: a wrong mapping hides a loss.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Sequence
from collections.abc import Set as AbstractSet

import polars as pl

from citysync.domain.identity import PROPOSALS, UNITS, Scope
from citysync.reconciliation.identity_families import families
from citysync.reconciliation.identity_likeness import alike
from citysync.reconciliation.identity_units import Pair, Unit, department_of

_Key = Callable[[Unit], object]


def propose(vanished: pl.DataFrame, appeared: pl.DataFrame, *, staying: Container[str] = frozenset()) -> pl.DataFrame:
    """Return the frame ``PROPOSALS`` from two frames ``UNITS``; the order of their rows changes nothing.

    ``staying``: keys of names that neither vanished nor appeared; a name that says the same as one is no rename.
    """
    gone, come = _units(vanished), _units(appeared)
    pairs: list[Pair] = []
    for step in (_recoded, families, lambda old, new: alike(old, new, staying)):
        found = step(gone, come)
        pairs += found
        gone = _left(gone, {unit.code for pair in found for unit in pair.before})
        come = _left(come, {unit.code for pair in found for unit in pair.after})
    return as_proposals(pairs, Scope.CATALOG)


def as_proposals(pairs: Iterable[Pair], scope: Scope) -> pl.DataFrame:
    """Return pairs as the frame ``PROPOSALS``, the surest first."""
    rows = [pair.row(scope) for pair in pairs]
    return pl.DataFrame(rows, schema=PROPOSALS, orient="row").sort(
        "score", "before", "after", descending=[True, False, False]
    )


def _units(frame: pl.DataFrame) -> list[Unit]:
    return [Unit.of(row) for row in frame.select(list(UNITS)).sort("code").iter_rows(named=True)]


def _left(units: Sequence[Unit], used: AbstractSet[str]) -> list[Unit]:
    return [unit for unit in units if unit.code not in used]


def _recoded(gone: Sequence[Unit], come: Sequence[Unit]) -> list[Pair]:
    """Return pairs of the same name, told apart by ever more where a name stands several times."""
    pairs: list[Pair] = []
    for key, score, word in _SAME_NAME:
        found = [
            Pair((old,), (new,), score - _department_doubt(old, new), (word, *old.common(new)))
            for old, new in _once_each(gone, come, key)
        ]
        pairs += found
        gone = _left(gone, {pair.before[0].code for pair in found})
        come = _left(come, {pair.after[0].code for pair in found})
    return pairs


_SAME_NAME: tuple[tuple[_Key, float, str], ...] = (
    (lambda unit: (unit.name.text, unit.task_type, unit.bodies or unit.code), 0.99, "名称、类型、主体都相同"),
    (
        lambda unit: (unit.name.text, unit.task_type, unit.code[9:], department_of(unit)),
        0.98,
        "名称、类型、部门相同，子项号未变",
    ),
    (lambda unit: (unit.name.text, unit.task_type, department_of(unit)), 0.98, "名称、类型、部门都相同"),
    (lambda unit: (unit.name.text, unit.task_type), 0.95, "名称与类型都相同"),
    (lambda unit: (unit.name.text, department_of(unit)), 0.85, "名称与部门相同，类型不同"),
)


def _department_doubt(old: Unit, new: Unit) -> float:
    return 0.0 if old.bodies & new.bodies or department_of(old) == department_of(new) else 0.05


def _once_each(gone: Iterable[Unit], come: Iterable[Unit], key: _Key) -> Iterable[tuple[Unit, Unit]]:
    """Yield the units whose key occurs exactly once on each side."""
    there, here = _by(gone, key), _by(come, key)
    for value, units in there.items():
        others = here.get(value, [])
        if len(units) == len(others) == 1 and units[0].name.core:
            yield units[0], others[0]


def _by(units: Iterable[Unit], key: _Key) -> dict[object, list[Unit]]:
    groups: dict[object, list[Unit]] = {}
    for unit in units:
        groups.setdefault(key(unit), []).append(unit)
    return groups
