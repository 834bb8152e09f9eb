"""Splits and mergers: one item on one side, a family of several on the other."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rapidfuzz import fuzz

from citysync.reconciliation.identity_units import Pair, Unit

_ALIKE = 50.0  # of 100: parts of a split share at least half of the letters with the whole
_FAMILY = 2
_Key = Callable[[Unit], object]


def families(gone: Sequence[Unit], come: Sequence[Unit]) -> list[Pair]:
    """Return one unit against several of its core and type, then against several of its main code."""
    found: list[Pair] = []
    for key, score, word in _KINSHIP:
        used = {unit.code for pair in found for unit in (*pair.before, *pair.after)}
        there, here = _by(gone, key, used), _by(come, key, used)
        for value in sorted(there.keys() & here.keys(), key=str):
            pair = _family(there[value], here[value], score, word)
            found += [pair] if pair is not None else []
    return found


_KINSHIP: tuple[tuple[_Key, float, str], ...] = (
    (lambda unit: (unit.name.core, unit.task_type), 0.9, "名称主干与类型相同，只是情形不同"),
    (lambda unit: unit.main, 0.8, "同一主项编码，名称相近"),
)


def _family(before: list[Unit], after: list[Unit], score: float, word: str) -> Pair | None:
    if min(len(before), len(after)) != 1 or max(len(before), len(after)) < _FAMILY:
        return None
    one, parts = (before[0], after) if len(before) == 1 else (after[0], before)
    if not one.name.core or any(not _part_of(one, part) for part in parts):
        return None
    count = f"{len(before)} 项对 {len(after)} 项"
    return Pair(tuple(before), tuple(after), score, (word, count, *one.common(parts[0])))


def _part_of(whole: Unit, part: Unit) -> bool:
    """Return whether a part is told apart by more marks than the whole, and is alike for the rest."""
    near = fuzz.ratio(whole.name.core, part.name.core) >= _ALIKE
    return near and whole.name.marks <= part.name.marks and whole.name.text != part.name.text


def _by(units: Sequence[Unit], key: _Key, used: set[str]) -> dict[object, list[Unit]]:
    groups: dict[object, list[Unit]] = {}
    for unit in units:
        if unit.code not in used:
            groups.setdefault(key(unit), []).append(unit)
    return groups
