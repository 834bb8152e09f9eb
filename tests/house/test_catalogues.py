"""A catalogue is in the order of its texts, so that two who add one seldom add it in the same place."""

from __future__ import annotations

import re
from itertools import pairwise

from tests.house.pages import ROOT

CATALOGUES = sorted((ROOT / "citysync" / "web" / "locale").glob("*.po"))
_MSGID = re.compile(r'^msgid ((?:"[^\n]*"\n)+)', re.MULTILINE)


def misplaced(text: str) -> list[str]:
    """Return the texts of a catalogue that stand before one they belong behind."""
    texts = ["".join(re.findall(r'"(.*)"', found)) for found in _MSGID.findall(text)]
    return [first for first, then in pairwise(texts) if first >= then]


def test_a_catalogue_is_sorted_by_msgid_and_says_nothing_twice() -> None:
    assert CATALOGUES
    for path in CATALOGUES:
        assert misplaced(path.read_text(encoding="utf-8")) == [], f"{path.name}: 放到按 msgid 排序的位置"


def test_a_text_in_the_wrong_place_is_noticed() -> None:
    assert misplaced('msgid ""\nmsgstr ""\n\nmsgid "b"\nmsgstr "x"\n\nmsgid "a"\nmsgstr "y"\n') == ["b"]
