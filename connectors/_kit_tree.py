"""Finding what differs by the digest tree: a few rounds of questions, whatever the size of the directory.

A kit is asked for as many parts and digits as it takes to find a row in a thousand in three rounds with the fewest
bytes; one that gives 64 and all digits, as the protocol has it, is followed as well. Digests only say where to look:
two that are alike over different rows leave a directory whose digest is not the manifest's, and everything is pulled.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from citysync.domain.digests import FAN_OUT, LEAST_DIGITS, MOST_PARTS, ROW_BYTES, range_digest
from connectors._kit_entries import Entries
from connectors._kit_talk import Contradicted

MOST_NODES = 4_096  # beyond it too much has changed: a whole pull costs less
_MOST_ROUNDS = 6
_ROUNDS = 3
_SHARE = 100  # n/100 parts at first cost the fewest bytes in three rounds where n/1000 rows differ
_AT_ONCE = 16  # rows of a range, which are not worth a round of their own
Child = tuple[str, int, str]


class Ask(Protocol):
    """A question for the parts of some ranges of row numbers, which may be more, or their digests longer."""

    def __call__(self, nodes: Sequence[tuple[int, int]], /, *, parts: int, digits: int) -> list[list[Child]]:
        """Return the parts of each."""


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
    for done in range(_MOST_ROUNDS):
        if not frontier:
            return found
        if len(frontier) > MOST_NODES:
            raise Contradicted(f"与上次不同之处超过 {MOST_NODES:,} 处")
        answers = ask([(node.low, node.high) for node in frontier], parts=_parts(frontier, done), digits=LEAST_DIGITS)
        if len(answers) != len(frontier):
            raise Contradicted("摘要树的回答与所问的区间数不符")
        pairs = zip(frontier, answers, strict=True)
        frontier = [child for node, answer in pairs for child in _differing(node, answer, ours, found)]
    if frontier:
        raise Contradicted("摘要树没有尽头")
    return found


def _parts(frontier: Sequence[_Node], done: int) -> int:
    """Return into how many parts to cut each range, so that the rounds that are left end with single rows."""
    longest = max(node.high - node.low for node in frontier)
    if done == 0:
        return min(max(FAN_OUT, longest // _SHARE), MOST_PARTS)
    if longest <= _AT_ONCE:
        return _AT_ONCE
    wanted = math.ceil(math.pow(longest, 1 / max(_ROUNDS - done, 1)))
    return max(2, min(wanted, MOST_PARTS, MOST_NODES * FAN_OUT // len(frontier)))


def _differing(node: _Node, children: Sequence[Child], ours: Entries, found: Differences) -> Iterator[_Node]:
    """Yield the parts of a range that differ and have more than one row; note those that are single rows."""
    _refuse_odd(node, children)
    ends = [bisect_left(ours.keys, child[0], node.ours_low, node.ours_high) for child in children[1:]]
    low, ours_low = node.low, node.ours_low
    for (key, count, digest), ours_high in zip(children, [*ends, node.ours_high], strict=True):
        if ours_high - ours_low != count or not _alike(ours, ours_low, ours_high, digest):
            if count > 1:
                yield _Node(low, low + count, ours_low, ours_high)
            else:
                _note(key, digest, range(ours_low, ours_high), ours, found)
        low, ours_low = low + count, ours_high


def _note(key: str, digest: str, places: range, ours: Entries, found: Differences) -> None:
    found.gone.extend(ours.keys[place] for place in places if ours.keys[place] != key)
    if not any(ours.keys[place] == key and _alike(ours, place, place + 1, digest) for place in places):
        found.wanted.append(key)


def _alike(ours: Entries, low: int, high: int, digest: str) -> bool:
    """Return whether the digest of some of our rows begins as one that was sent."""
    return range_digest([ours.packed[low * ROW_BYTES : high * ROW_BYTES]]).startswith(digest)


def _refuse_odd(node: _Node, children: Sequence[Child]) -> None:
    counts = [count for _, count, _ in children]
    names = [key for key, _, _ in children]
    if sum(counts) != node.high - node.low or min(counts, default=0) < 1 or names != sorted(set(names)):
        raise Contradicted("摘要树的行数或键序不符")
    if len(children) == 1 and counts[0] > 1:
        raise Contradicted("摘要树没有分下去")
    if any(len(digest) < LEAST_DIGITS for _, _, digest in children):
        raise Contradicted(f"摘要树的摘要不足 {LEAST_DIGITS} 位")
