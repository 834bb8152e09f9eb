"""Rows that come twice in one pull, letter for letter, are read once: and all is said as if they were read twice."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import partial
from random import Random

import pytest

from citysync.domain.snapshot import Grade, Snapshot
from connectors import _envelope
from connectors._again import Again, Seen
from connectors._columns import columns_of
from tests.connectors.both import Refused, outcome
from tests.connectors.cuts import WHOLE
from tests.connectors.doors import code
from tests.connectors.remembering import ENVELOPES, PLAIN, Town, paged, plain, said
from tests.connectors.test_known import TOWNS, a_row, the_night_after

NO_TOTAL = ENVELOPES[3]
SOME, MANY = range(120), range(120, 400)  # all the others only in a campaign


class Counting:
    """Stands where pages are read, and counts those that were."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.pages = 0
        monkeypatch.setattr(_envelope, "columns_of", self._columns_of)

    def _columns_of(self, text: bytes) -> object:
        self.pages += 1
        return columns_of(text)


def passes(dice: Random) -> tuple[list[bytes], list[bytes]]:
    """Return what two passes over a source get: now and then it moves in between, or shows a page twice."""
    around = dice.choice(ENVELOPES[:4])
    texts = [a_row(dice, number) for number in range(dice.randint(4, 24))]
    slid = list(texts)
    if dice.random() < 0.6:
        slid[dice.randrange(len(slid))] = dice.choice(texts)
    size = dice.randint(2, 9)
    later = the_night_after(dice, slid) if dice.random() < 0.3 else dice.choice([slid, texts])
    first, second = paged(slid, size, around), paged(later, size, around)
    for pages in (first, second):
        if dice.random() < 0.1:
            pages.insert(dice.randint(0, len(pages)), dice.choice(pages))
    return first, second


@pytest.mark.parametrize("part", range(3))
@pytest.mark.parametrize("seeds", [SOME, pytest.param(MANY, marks=WHOLE)], ids=["some", "many"])
def test_a_second_pass_says_what_it_would_say_if_each_page_were_read(part: int, seeds: range) -> None:
    better = 0
    for seed in seeds:
        dice = Random(seed * 10 + part)
        town = dice.choice([*TOWNS[:3] * 4, *TOWNS])
        try:
            first, second = passes(dice)
        except UnicodeEncodeError:
            continue
        strict = outcome(partial(town.strict, first, second))
        before = outcome(partial(town.night, second))
        for known in (None, None if isinstance(before, Refused) else before):
            found = outcome(partial(town.night, first, known, second))
            assert said(found) == said(strict), f"seed {seed}"
            if not isinstance(found, Refused):
                assert found.texts is None or found.texts.rows.height == found.rows.height, f"seed {seed}"
                after = outcome(partial(town.night, second, found))
                assert said(after) == said(outcome(partial(town.strict, second))), f"seed {seed}, the night after"
        if isinstance(strict, Snapshot) and strict.rows.height:
            better += strict.rows["page_no"][0] > 1
    assert better > len(seeds) // 40, "rows of a second pass have to be chosen in what is compared"


def twice(texts: Sequence[str]) -> list[str]:
    return [*texts, texts[0]]


def test_pages_of_a_second_pass_that_are_the_same_are_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    pages, counted = paged(twice(plain(20)), 5), Counting(monkeypatch)
    found = PLAIN.night(pages)
    assert (len(found.pages), found.certificate.received) == (10, 21)
    assert counted.pages == 4, "the fifth has one row, which the strict reader reads"


def test_an_envelope_that_tells_the_time_does_not_hide_that_its_rows_are_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first = paged(twice(plain(9)), 5, ENVELOPES[1])
    second = [page.replace(b"08:00", b"08:01") for page in first]
    counted = Counting(monkeypatch)
    assert said(PLAIN.night(first, None, second)) == said(PLAIN.strict(first, second))
    assert counted.pages == len(first)


def test_one_letter_that_changed_between_the_passes_is_seen() -> None:
    texts = twice(plain(9))
    moved = [text.replace(code(3), code(93)) for text in texts]
    assert moved != texts
    first, second = paged(texts, 5, NO_TOTAL), paged(moved, 5, NO_TOTAL)
    found = PLAIN.night(first, None, second)
    assert said(found) == said(PLAIN.strict(first, second))
    assert found.certificate != PLAIN.night(first).certificate


def test_a_pass_that_proves_more_brings_its_own_rows_and_pages_that_stayed_with_their_new_numbers() -> None:
    texts = plain(12)
    first = paged([*texts[:4], texts[0], *texts[5:]], 4)  # one row slid: its neighbour is missed, another comes twice
    second = paged(texts, 4)
    assert first[2] == second[2]
    found = PLAIN.night(first, None, second)
    assert said(found) == said(PLAIN.strict(first, second))
    assert found.rows["page_no"].unique().sort().to_list() == [4, 5, 6]
    assert found.certificate.grade is not Grade.X


def test_a_field_that_is_gone_in_the_pass_that_counts_is_gone_from_its_rows() -> None:
    town, texts = Town({}, {"fields": {"by_law": "more"}}), plain(12)
    more = [texts[0].replace("{", '{"more":"《条例》",', 1), *texts[1:]]
    first = paged([*more[:4], texts[0], *texts[5:]], 4)
    found = town.night(first, town.night(first), paged(texts, 4))
    assert "by_law" not in found.rows.columns
    assert said(found) == said(town.strict(first, paged(texts, 4)))


def test_rows_seen_before_are_still_rows_to_whoever_looks_at_them() -> None:
    text = json.dumps([{"task_code": "1"}, {"task_code": "2"}], separators=(",", ":")).encode()
    seen, rows = Seen(), columns_of(text)
    assert rows is not None
    mark = seen.again(text)
    assert isinstance(mark, int)
    seen.remember(rows, mark)
    again = seen.again(text)
    assert isinstance(again, Again)
    assert (len(again), list(again), again[1], again[:1]) == (2, list(rows), rows[1], list(rows[:1]))
    assert (again == rows, again == [], repr(again)) == (True, False, repr(list(rows)))
    assert isinstance(seen.again(text + b" "), int)
