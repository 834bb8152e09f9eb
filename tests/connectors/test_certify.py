"""What may be claimed after one pass, and after two."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from citysync.domain.snapshot import Grade
from connectors._certify import PageFacts, Reading, certify, second_is_better, second_pass_needed


def reading(*pages: Sequence[str], totals: Sequence[int | None] = (None,)) -> Reading:
    """Return a pass over pages of codes; the last total given holds for the pages after it."""
    taken = Reading()
    for number, codes in enumerate(pages, start=1):
        total = totals[min(number, len(totals)) - 1]
        taken.add(PageFacts(number, [(code, None) for code in codes], total, f"{number}{codes}"))
    return taken


@pytest.mark.parametrize(
    ("first", "second", "grade"),
    [
        (reading("ab", "c", totals=[3]), None, Grade.A),
        (reading("ab", totals=[3]), None, Grade.X),
        (reading(totals=[]), reading(totals=[]), Grade.B),
        (reading("ab", "c", ""), reading("ab", "c", ""), Grade.B),
        (reading("ab", "c", ""), reading("bc", "a", ""), Grade.B),
        (reading("ab", "c", ""), reading("ab", "d", ""), Grade.C),
        (reading("ab", "ac", totals=[4]), reading("ab", "ac", totals=[4]), Grade.A),
        (reading("ab", "bc", totals=[4]), reading("ab", "cd", totals=[4]), Grade.A),
        (reading("ab", "bc", totals=[4]), reading("ab", "ac", totals=[4]), Grade.C),
        (reading("ab", "c", totals=[3, 4]), reading("ab", "c", totals=[3, 4]), Grade.C),
        (reading("ab", "ac", totals=[9]), reading("ab", "ac", totals=[9]), Grade.X),
    ],
)
def test_a_grade_follows_from_what_was_seen(first: Reading, second: Reading | None, grade: Grade) -> None:
    assert second_pass_needed(first) is (second is not None) or grade is Grade.X
    assert certify(first, second).grade is grade


def test_a_second_pass_that_breaks_off_proves_nothing() -> None:
    second = reading("ab", "c", "")
    second.broken.append("第 6 页与第 4 页内容相同")
    certificate = certify(reading("ab", "c", ""), second)
    assert (certificate.grade, certificate.problems) == (Grade.X, ("第 6 页与第 4 页内容相同",))


def test_rows_come_from_the_pass_that_proves_more() -> None:
    moved, calm = reading("ab", "bc", totals=[4]), reading("ab", "cd", totals=[4])
    assert second_is_better(moved, calm)
    assert not second_is_better(calm, moved)
    assert not second_is_better(reading("ab", ""), reading("ab", ""))
