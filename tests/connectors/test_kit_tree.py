"""What differs is found in three rounds, whatever it is, and by a kit of an older version in as many as it needs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from citysync.domain.digests import FAN_OUT, RANGE_DIGITS, parts, range_digest, row_hash
from connectors._kit_entries import Known
from connectors._kit_tree import Child, Differences, differences

Rows = dict[str, str]  # key → what it says


@dataclass
class Tree:
    """A kit's answers about rows; ``older``: it follows no hints. ``rounds``: the parts and digits asked for."""

    rows: Rows
    older: bool = False
    rounds: list[tuple[int, int]] = field(default_factory=list)
    sent: int = 0

    def __call__(self, nodes: Sequence[tuple[int, int]], /, *, parts: int, digits: int) -> list[list[Child]]:
        self.rounds.append((parts, digits))
        most, ends = (FAN_OUT, RANGE_DIGITS) if self.older else (parts, digits)
        answer = [self._cut(low, high, most, ends) for low, high in nodes]
        self.sent += sum(map(len, answer))
        return answer

    def _cut(self, low: int, high: int, most: int, digits: int) -> list[Child]:
        keys = sorted(self.rows)
        cut = [(keys[start:end]) for start, end in parts(low, high, most)]
        return [
            (part[0], len(part), range_digest(hash_of(key, self.rows[key]) for key in part)[:digits]) for part in cut
        ]


def hash_of(key: str, said: str) -> bytes:
    return row_hash(f"{key} {said}".encode())


def entries(rows: Rows) -> Known:
    return Known(sorted(rows), b"".join(hash_of(key, rows[key]) for key in sorted(rows)))


def found(before: Rows, tree: Tree) -> tuple[set[str], set[str]]:
    told: Differences = differences(len(tree.rows), entries(before), tree)
    return set(told.wanted), set(told.gone)


ROWS = st.integers(0, 700).map(lambda count: {f"{number * 7:05d}": "" for number in range(count)})
EDITS = st.lists(st.tuples(st.integers(0, 5_000), st.sampled_from(["put", "take"])), max_size=40)


@settings(max_examples=60, deadline=None)
@given(rows=ROWS, edits=EDITS, older=st.booleans())
def test_exactly_what_differs_is_found(rows: Rows, edits: list[tuple[int, str]], older: bool) -> None:  # noqa: FBT001
    tonight = dict(rows)
    for place, deed in edits:
        if deed == "put":
            tonight[f"{place:05d}"] = "new"
        else:
            tonight.pop(f"{place // 7 * 7:05d}", None)
    tree = Tree(tonight, older)
    wanted, gone = found(rows, tree)
    assert wanted == {key for key, said in tonight.items() if rows.get(key) != said}
    assert gone == rows.keys() - tonight.keys()
    assert len(tree.rounds) <= 3


@pytest.mark.parametrize(("count", "spared"), [(1, 0), (65, 0), (1_000, 0), (4_097, 0), (30_000, 0.4)])
def test_a_row_in_a_thousand_is_found_in_three_rounds_by_few_parts(count: int, spared: float) -> None:
    rows = {f"{number:06d}": "" for number in range(count)}
    changed = dict.fromkeys(Random(3).sample(sorted(rows), max(1, count // 1_000)), "new")
    tree, older = Tree(rows | changed), Tree(rows | changed, older=True)
    assert found(rows, tree) == (set(changed), set())
    assert found(rows, older) == (set(changed), set())
    assert len(tree.rounds) <= 3
    assert {digits for _, digits in tree.rounds} == {6}
    assert tree.sent <= older.sent * (1 - spared)
