"""Rows that came the night before are not read again: and all is said as if they were."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from random import Random
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from citysync.domain.row_texts import SENT, SHAPE, TEXTS, cut, hashed, order_of
from citysync.domain.snapshot import Grade, Snapshot
from connectors import _last_night
from connectors._last_night import LEAST, known_of
from tests.connectors.both import Refused, outcome
from tests.connectors.cuts import WHOLE
from tests.connectors.doors import PAGES, Memory, city_of, code
from tests.connectors.remembering import ENVELOPES, PLAIN, PLAINLY, Town, came, paged, plain, said

SOME, MANY = range(150), range(150, 500)  # all the others only in a campaign
FIELDS = ["task_name", "areacode", "dept_name", "link_way", "CREATE_TIME", "more", "名", "", "*", "a.b"]
TEXTUAL = [
    "甲",
    "",
    " ",
    "\u3000",
    "},{",
    '"},{"task_code":"x',
    "\\",
    "\x00",
    "１２",
    "\ud800",
    "\ud83d\ude00",
    "004401",
]
NESTED = [[], ["x", "y"], {"b": "1"}, [{"a": 1}, {"b": 2}], {}]
VALUES = [*TEXTUAL, *NESTED, None, 7, -0.5, 10**30, True, False, 4401]
BROKEN = [
    '{"task_code":"1","task_code":"2"}',
    '{"task_code":NaN}',
    '{"task_code":1}}',
    '{"task_code":"1"},null',
    '{"task_code":"1"} ',
    '{"task_code":"a\n"}',
    "null",
    "{}",
    '{"a":' + "[" * 120 + "]" * 120 + "}",
    '{"a":' + "[" * 2000 + "]" * 2000 + "}",
]
TOWNS = [
    PLAIN,
    Town({}, {"fields": {"dept_name": "task_name", "link_way": "*", "by_law": "more"}, "ignore": ["CREATE_TIME"]}),
    Town({"encoding": "utf-8"}, {}),
    Town({}, {"fields": {"by_law": "more.b"}}),
    Town({"encoding": "gb18030"}, {}),
]


def a_row(dice: Random, number: int) -> str:
    """Return one row as a source may write it; most are written plainly, and have the same fields."""
    if dice.random() < 0.004:
        return dice.choice(BROKEN)
    row: dict[str, Any] = {"task_code": code(number), "task_name": f"事项{number}", "areacode": "440300"}
    if dice.random() < 0.2:
        row |= {name: dice.choice(VALUES) for name in dice.sample(FIELDS, dice.randint(1, 2))}
    if dice.random() < 0.03:
        row.pop(dice.choice(["areacode", "task_code"]), None)
    only_ascii = dice.random() < 0.1 or "\ud800" in row.values()
    return json.dumps(row, ensure_ascii=only_ascii, separators=(", ", ": ") if dice.random() < 0.02 else PLAINLY)


def the_night_after(dice: Random, texts: Sequence[str]) -> list[str]:
    """Return the rows of the next night: most stay, and each may change, vanish, appear, or stand elsewhere."""
    night = [a_row(dice, place) if dice.random() < 0.06 else text for place, text in enumerate(texts)]
    if dice.random() < 0.4:
        del night[dice.randrange(len(night))]
    if dice.random() < 0.4:
        night.insert(dice.randint(0, len(night)), a_row(dice, 90 + len(night)))
    if dice.random() < 0.2:
        dice.shuffle(night)
    return night


def some_nights(dice: Random) -> Iterator[list[bytes]]:
    """Yield the pages of four nights, now and then one that is cut short or comes twice."""
    around = dice.choice(ENVELOPES[:3]) if dice.random() < 0.9 else dice.choice(ENVELOPES)
    encoding = "utf-8" if dice.random() < 0.9 else dice.choice(["utf-8-sig", "gb18030"])
    texts = [a_row(dice, number) for number in range(dice.randint(4, 24))]
    for _ in range(4):
        try:
            pages = paged(texts, dice.randint(2, 9), around, encoding)
        except UnicodeEncodeError:
            return
        if dice.random() < 0.05:
            pages[-1] = pages[-1][:-3]
        if dice.random() < 0.1:
            pages.insert(1, pages[0].replace(b'",', b'", ') if dice.random() < 0.5 else pages[0])
        yield pages
        texts = the_night_after(dice, texts)


@pytest.mark.parametrize("few", [1, 2, 4])
@pytest.mark.parametrize("seeds", [SOME, pytest.param(MANY, marks=WHOLE)], ids=["some", "many"])
def test_each_night_is_read_as_if_nothing_were_known(few: int, seeds: range, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connectors._known._FEW", few)
    pairs = 0
    for seed in seeds:
        dice = Random(seed * 10 + few)
        town = dice.choice([*TOWNS[:3] * 4, *TOWNS])
        before: Snapshot | None = None
        for pages in some_nights(dice):
            found = outcome(partial(town.night, pages, before))
            assert said(found) == said(outcome(partial(town.strict, pages))), f"seed {seed}"
            if not isinstance(found, Refused):
                before, pairs = found, pairs + bool(came(found))
    assert pairs > len(seeds) // 2, "rows have to be known in what is compared"


def test_of_a_night_like_the_last_no_row_is_read_and_of_another_only_those_that_changed() -> None:
    texts = plain(40)
    first = PLAIN.night(paged(texts, 10))
    again = PLAIN.night(paged(texts, 10), first)
    assert (came(first), came(again), again.certificate.grade) == (0, 40, Grade.A)
    changed = [texts[0], texts[3].replace("事项4", "新名"), *texts[4:], '{"task_code":"x","new":"y"}']
    third = PLAIN.night(paged(changed, 10), again)
    assert came(third) == 37
    assert said(third) == said(PLAIN.strict(paged(changed, 10)))
    assert third.unknown_fields == ("new",)


def test_rows_are_known_wherever_they_stand_and_on_whichever_page() -> None:
    texts = plain(40)
    moved = [*texts[20:], *reversed(texts[:20])]
    found = PLAIN.night(paged(moved, 7), PLAIN.night(paged(texts, 10)))
    assert came(found) == 40
    assert said(found) == said(PLAIN.strict(paged(moved, 7)))


def test_numbers_and_what_is_nested_are_known_too() -> None:
    texts = [text.replace('"1"', "1").replace('"核验原件"', '["甲",{"乙":1.50}]') for text in plain(30)]
    found = PLAIN.night(paged(texts, 10), PLAIN.night(paged(texts, 10)))
    assert came(found) == 30
    assert said(found) == said(PLAIN.strict(paged(texts, 10)))


@pytest.mark.parametrize("more", ['"more":"1"', '"more":1', '"more":[{"甲":1}, {"乙":"},"}]', '"more":"\\u7532"'])
def test_a_page_that_comes_twice_is_told_whether_its_rows_are_known_or_read(more: str) -> None:
    texts = [text[:-1] + f",{more}}}" for text in plain(8)]
    first = PLAIN.night(paged(texts, 4))
    strange = [json.dumps(json.loads(text), separators=(", ", ": ")) for text in texts[:4]]
    pages = [page.replace(b'"total":8', b'"total":12') for page in paged(texts, 4)]
    pages.append(paged(strange, 4)[0].replace(b'"total":4', b'"total":12'))
    found = PLAIN.night(pages, first)
    assert came(found) == (0 if "}, {" in more else 8)
    assert "第 3 页与第 1 页内容相同" in found.certificate.problems
    assert said(found) == said(PLAIN.strict(pages))


def test_a_column_goes_with_the_last_row_that_had_it() -> None:
    texts = plain(20)
    alone = [*texts, '{"task_code":"x","catalog_name":"某"}']
    first = PLAIN.night(paged(alone, 7))
    found = PLAIN.night(paged(texts, 5), first)
    assert "catalog_name" in first.rows.columns
    assert "catalog_name" not in found.rows.columns
    assert came(found) == 20


@pytest.mark.parametrize("wrong", BROKEN)
def test_a_page_with_a_row_that_is_none_is_read_as_ever(wrong: str) -> None:
    texts = plain(20)
    first = PLAIN.night(paged(texts, 20))
    pages = paged([*texts[:7], wrong, *texts[7:]], 21)
    assert said(outcome(lambda: PLAIN.night(pages, first))) == said(outcome(lambda: PLAIN.strict(pages)))


def test_texts_that_hold_what_stands_between_rows_are_read_every_night() -> None:
    texts = [text.replace("事项", "},{") for text in plain(20)]
    first = PLAIN.night(paged(texts, 5))
    found = PLAIN.night(paged(texts, 5), first)
    assert came(found) == 0
    assert said(found) == said(PLAIN.strict(paged(texts, 5)))


def test_every_seventh_pull_reads_every_row() -> None:
    pages = paged(plain(8), 4)
    before, known = None, []
    for _ in range(15):
        before = PLAIN.night(pages, before)
        known.append(came(before))
    assert known == [0, 8, 8, 8, 8, 8, 8, 0, 8, 8, 8, 8, 8, 8, 0]


OTHERWISE = [
    Town({}, {"fields": {"task_name": "dept_name"}}),
    Town({"encoding": "utf-8"}, {}),
    Town({}, {"fields": {"task_name": "dept.name"}}),
]


@pytest.mark.parametrize("town", OTHERWISE)
def test_nothing_is_known_once_rows_are_read_otherwise(town: Town) -> None:
    pages = paged(plain(8), 4)
    found = town.night(pages, PLAIN.night(pages))
    assert not came(found)
    assert said(found) == said(town.strict(pages))


def test_a_small_city_is_read_whole_every_night() -> None:
    city, door = city_of({**PAGES, "url": "http://a/"}), Memory().door()
    source: Any = city.source
    known = [known_of(city, source, replace(door, last_count=rows)) for rows in (None, LEAST - 1, LEAST)]
    assert [each is None for each in known] == [False, True, False]


def test_nothing_is_known_once_the_program_is_another(monkeypatch: pytest.MonkeyPatch) -> None:
    pages = paged(plain(8), 4)
    first = PLAIN.night(pages)
    monkeypatch.setattr(_last_night, "program", lambda: "another")
    assert came(PLAIN.night(pages, first)) == 0


def test_nothing_is_known_of_texts_that_do_not_fit_their_rows() -> None:
    pages = paged(plain(8), 4)
    first = PLAIN.night(pages)
    texts = first.texts
    assert texts is not None
    for odd in (
        replace(texts, rows=texts.rows.head(7)),
        replace(texts, shapes=()),
        replace(texts, shapes=(texts.shapes[0] | {"catalog_name"},)),
        replace(texts, rows=texts.rows.with_columns(pl.lit(None, dtype=TEXTS[SHAPE]).alias(SHAPE))),
        replace(texts, rows=texts.rows.with_columns(pl.lit(None, dtype=TEXTS[SENT]).alias(SENT))),
    ):
        assert came(PLAIN.night(pages, replace(first, texts=odd))) == 0


def test_a_source_of_too_many_sets_of_fields_is_read_as_ever() -> None:
    texts = [json.dumps({"task_code": code(n), f"f{n}": [n]}, separators=PLAINLY) for n in range(600)]
    first = PLAIN.night(paged(texts, 100))
    found = PLAIN.night(paged(texts, 100), first)
    assert came(found) == 200
    assert said(found) == said(PLAIN.strict(paged(texts, 100)))


@settings(derandomize=True, deadline=None, database=None)
@given(st.lists(st.sampled_from(['{"a":"1"}', '{"a":{"b":"}"}}', '{"},{":1}', '{"a":[{"b":1},{}]}', "{}"]), min_size=1))
def test_what_is_cut_lies_side_by_side_again(texts: list[str]) -> None:
    rows_ = f"[{','.join(texts)}]".encode()
    pieces = cut(rows_)
    assert b"[" + b"".join(pieces)[:-1] + b"]" == rows_
    assert all(piece.startswith(b"{") and piece.endswith(b"},") and b"},{" not in piece for piece in pieces)


def test_rows_in_another_order_are_other_rows() -> None:
    found = PLAIN.night(paged(plain(8), 4))
    hashes = found.in_hand.hashes
    assert order_of(hashes) == order_of(hashes.clone())
    assert order_of(hashes) != order_of(hashes.reverse())
    assert order_of(hashes) != order_of(hashes.head(7))


GOLDEN = 102642565195967091388082907813510116696


def test_a_text_is_told_by_the_same_number_on_every_machine() -> None:
    assert hashed([b"", b'{"a":"1"},']).to_list() == [0x99AA06D3014798D86001C324468D497F, GOLDEN]
