"""A page's fingerprint: pages that say the same have one, pages that differ anywhere have two."""

from __future__ import annotations

import hashlib
import sys

import pytest

from connectors._text import parse_json
from connectors._walk import _fingerprint

ROW = '{"a":"名","b":"1","c":null,"d":["x","y"],"e":{"f":true}}'
OTHER = (
    ROW.replace('"名"', '"各"'),
    ROW.replace('"名"', '"\\ud800"'),
    ROW.replace('"a"', '"z"'),
    ROW.replace('"1"', "true"),
    ROW.replace('"1"', '"1 "'),
    ROW.replace('"c":null,', ""),
    ROW.replace("null", '""'),
    ROW.replace('["x","y"]', '["x,y"]'),
    ROW.replace('["x","y"]', '["y","x"]'),
    ROW.replace("true", "false"),
    '{"b":"1","a":"名","c":null,"d":["x","y"],"e":{"f":true}}',
    f"{ROW},{ROW}",
)


def fingerprint(rows: str) -> str:
    document = parse_json(f"[{rows}]")
    assert isinstance(document, list)
    return _fingerprint(document)


def test_rows_that_say_the_same_have_one_fingerprint_however_they_are_written_or_lie_in_memory() -> None:
    spaced = ROW.replace(",", " ,\n ").replace("名", "\\u540d")
    name = sys.intern("名")
    shared = {"a": name, "b": "1", "c": None, "d": ["x", "y"], "e": {"f": True}}
    assert {fingerprint(ROW), fingerprint(spaced), _fingerprint([shared])} == {fingerprint(ROW)}


@pytest.mark.parametrize("rows", OTHER)
def test_rows_that_differ_in_anything_have_another_fingerprint(rows: str) -> None:
    assert fingerprint(rows) != fingerprint(ROW)


def test_fingerprints_part_the_same_pages_as_the_text_of_the_records_does() -> None:
    pages = [parse_json(f"[{rows}]") for rows in (ROW, ROW.replace(",", ", "), *OTHER, *OTHER)]
    ours = [_fingerprint(page) for page in pages if isinstance(page, list)]
    texts = [hashlib.sha256(repr(page).encode("utf-8", "surrogatepass")).hexdigest() for page in pages]
    same = {(one, two) for one, _ in enumerate(pages) for two, _ in enumerate(pages) if texts[one] == texts[two]}
    assert same == {(one, two) for one, _ in enumerate(pages) for two, _ in enumerate(pages) if ours[one] == ours[two]}
