"""Finding what differs by the digest tree: a few rounds of questions, whatever the size of the directory."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from citysync.domain.digests import ROW_BYTES, range_digest
from connectors._kit_entries import Entries
from connectors._kit_talk import Contradicted

MOST_NODES = 4_096  # beyond it too much has changed: a whole pull costs less
_MOST_ROUNDS = 6
Child = tuple[str, int, str]
Ask = Callable[[Sequence[tuple[int, int]]], list[list[Child]]]


@dataclass(frozen=True)
class Differences:
    """Keys to ask the rows of, and keys that are gone."""

    wanted: list[str]
    gone: list[str]


@dataclass(frozen=True, slots=True)
class _Node:
    """A range of their row numbers, and of our rows that stand in the same range of keys."""

    low: int
    high: int
    ours_low: int
    ours_high: int


def differences(count: int, ours: Entries, ask: Ask) -> Differences:
    """Return where a directory of ``count`` rows differs from ours.

    Raises ``Contradicted`` for a tree that is none, or that would take more than a whole pull.
    """
    found = Differences([], [])
    if count == 0:
        return Differences([], list(ours.keys))
    frontier = [_Node(0, count, 0, len(ours.keys))]
    for _ in range(_MOST_ROUNDS):
        if not frontier:
            return found
        if len(frontier) > MOST_NODES:
            raise Contradicted(f"与上次不同之处超过 {MOST_NODES:,} 处")
        answers = ask([(node.low, node.high) for node in frontier])
        if len(answers) != len(frontier):
            raise Contradicted("摘要树的回答与所问的区间数不符")
        pairs = zip(frontier, answers, strict=True)
        frontier = [child for node, answer in pairs for child in _differing(node, answer, ours, found)]
    if frontier:
        raise Contradicted("摘要树没有尽头")
    return found


def _differing(node: _Node, children: Sequence[Child], ours: Entries, found: Differences) -> Iterator[_Node]:
    """Yield the parts of a range that differ and have more than one row; note those that are single rows."""
    _refuse_odd(node, children)
    ends = [bisect_left(ours.keys, child[0], node.ours_low, node.ours_high) for child in children[1:]]
    low, ours_low = node.low, node.ours_low
    for (key, count, digest), ours_high in zip(children, [*ends, node.ours_high], strict=True):
        if ours_high - ours_low != count or _digest(ours, ours_low, ours_high) != digest:
            if count > 1:
                yield _Node(low, low + count, ours_low, ours_high)
            else:
                _note(key, digest, range(ours_low, ours_high), ours, found)
        low, ours_low = low + count, ours_high


def _note(key: str, digest: str, places: range, ours: Entries, found: Differences) -> None:
    found.gone.extend(ours.keys[place] for place in places if ours.keys[place] != key)
    if not any(ours.keys[place] == key and _digest(ours, place, place + 1) == digest for place in places):
        found.wanted.append(key)


def _digest(ours: Entries, low: int, high: int) -> str:
    return range_digest([ours.packed[low * ROW_BYTES : high * ROW_BYTES]])


def _refuse_odd(node: _Node, children: Sequence[Child]) -> None:
    counts = [count for _, count, _ in children]
    names = [key for key, _, _ in children]
    if sum(counts) != node.high - node.low or min(counts, default=0) < 1 or names != sorted(set(names)):
        raise Contradicted("摘要树的行数或键序不符")
    if len(children) == 1 and counts[0] > 1:
        raise Contradicted("摘要树没有分下去")
