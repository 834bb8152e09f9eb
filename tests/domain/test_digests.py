"""The values of the kit's protocol, held once: any other server, in any language, must come to the same."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

from citysync.domain.digests import line_of, parts, range_digest, row_hash, whole_digest

GOLDEN = json.loads((Path(__file__).parent / "digests.json").read_text(encoding="utf-8"))


def test_lines_and_digests_are_those_agreed() -> None:
    lines = [line_of(key, values) for key, values in GOLDEN["rows"]]
    hashes = [row_hash(line) for line in lines]
    assert [line.decode() for line in lines] == GOLDEN["lines"]
    assert [each.hex() for each in hashes] == GOLDEN["hashes"]
    assert whole_digest(GOLDEN["fields"], hashes) == GOLDEN["whole"]
    assert range_digest(hashes[1:]) == GOLDEN["range"]
    assert whole_digest((), ()) == GOLDEN["nothing"]


def test_a_range_is_cut_into_at_most_64_nearly_equal_parts() -> None:
    assert parts(5, 5) == []
    assert parts(5, 8) == [(5, 6), (6, 7), (7, 8)]
    cut = parts(0, 1_000)
    assert (len(cut), cut[0][0], cut[-1][1]) == (64, 0, 1_000)
    assert {high - low for low, high in cut} == {15, 16}
    assert all(before[1] == after[0] for before, after in pairwise(cut))
