"""Renames: names that are alike, of which each is the other's best and no second comes near.

Blocks of one type keep the comparison small; only names with the same marks are compared at all. A difference that
puts one word in another's place (生产 / 经营) is another item unless code and body speak for it.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass

from rapidfuzz import fuzz, process
from rapidfuzz.distance import Levenshtein

from citysync.reconciliation.identity_units import Pair, Unit

_LEAST = 60.0  # of 100; below it names are not alike whatever else speaks for them
_MARGIN = 0.04
_KEPT = 5
_Block = tuple[str | None, frozenset[str]]


@dataclass(frozen=True, slots=True)
class _Candidate:
    old: Unit
    new: Unit
    likeness: float
    score: float


def alike(gone: Sequence[Unit], come: Sequence[Unit], staying: Container[str]) -> list[Pair]:
    """Return the renames among what is left; ``staying``: keys of names that did not move."""
    blocks = _blocks(come)
    candidates = [
        candidate
        for block, olds in _blocks(gone).items()
        for candidate in _candidates(olds, blocks.get(block, []))
        if _accepted(candidate, staying)
    ]
    forward, backward = _best(candidates, "old"), _best(candidates, "new")
    mutual = [each for code, each in forward.items() if backward.get(each.new.code) is each and code == each.old.code]
    return [_pair(each) for each in mutual]


def _blocks(units: Iterable[Unit]) -> dict[_Block, list[Unit]]:
    blocks: dict[_Block, list[Unit]] = {}
    for unit in units:
        if unit.name.core:
            blocks.setdefault((unit.task_type, unit.name.marks), []).append(unit)
    return blocks


def _candidates(olds: Sequence[Unit], news: Sequence[Unit]) -> Iterable[_Candidate]:
    cores = [unit.name.core for unit in news]
    for old in olds:
        near = process.extract(
            old.name.core, cores, scorer=fuzz.ratio, processor=None, score_cutoff=_LEAST, limit=_KEPT
        )
        for _, likeness, place in near:
            new = news[place]
            yield _Candidate(old, new, likeness / 100, _score(old, new, likeness / 100))


def _score(old: Unit, new: Unit, likeness: float) -> float:
    body = 0.1 if old.bodies & new.bodies else 0.0
    code = 0.1 if old.main == new.main else 0.05 if old.same_department(new) else 0.0
    return min(0.74 * likeness + body + code + 0.06 * (old.code[9:] == new.code[9:]), 0.97)


def _accepted(candidate: _Candidate, staying: Container[str]) -> bool:
    """Return whether the evidence is enough; what did not move is asked last, since to know it is dear."""
    old, new = candidate.old, candidate.new
    if old.main == new.main and old.bodies & new.bodies:
        return True
    return _near_enough(candidate) and new.name.key not in staying and old.name.key not in staying


def _near_enough(candidate: _Candidate) -> bool:
    """Return whether the evidence is enough for how far the names are apart."""
    old, new, likeness = candidate.old, candidate.new, candidate.likeness
    body, main = bool(old.bodies & new.bodies), old.main == new.main
    department = old.same_department(new)
    if likeness == 1.0:
        return department or body
    if _substitutes(old.name.core, new.name.core):
        return main and (body or likeness >= _SURE_WITH_MAIN)
    return likeness >= (_LEAST / 100 if main else _SURE_WITH_DEPARTMENT if department or body else _SURE_ALONE)


_SURE_WITH_MAIN, _SURE_WITH_DEPARTMENT, _SURE_ALONE = 0.9, 0.75, 0.9


def _substitutes(one: str, other: str) -> bool:
    """Return whether a word stands in another's place; words added or left out do not count."""
    return any(step.tag == "replace" for step in Levenshtein.opcodes(one, other))


def _best(candidates: Iterable[_Candidate], side: str) -> dict[str, _Candidate]:
    """Return each unit's best candidate, none where a second comes near it."""
    ranked: dict[str, list[_Candidate]] = {}
    for each in candidates:
        ranked.setdefault(getattr(each, side).code, []).append(each)
    chosen = {}
    for code, rivals in ranked.items():
        rivals.sort(key=lambda each: (-each.score, each.old.code, each.new.code))
        if len(rivals) == 1 or rivals[0].score - rivals[1].score >= _MARGIN:
            chosen[code] = rivals[0]
    return chosen


def _pair(found: _Candidate) -> Pair:
    word = "名称主干相同，用词不同" if found.likeness == 1.0 else f"名称相似度 {found.likeness:.0%}"
    same_type = "类型相同" if found.old.task_type is not None else ""
    said = (word, same_type, *found.old.common(found.new))
    return Pair((found.old,), (found.new,), found.score, tuple(part for part in said if part))
