"""Every key of a TOML file is found on its line, however it is written."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from citysync.config.places import Key, places

EVERYTHING = '''\
# 注释 [not] = "a table"
top = 1
a.b."c.d" = [1, # one ]
  { e = 2, f = [[3], [4]] },
]
"引号" = 'x = "1"' # = y

[s."q.r"]
text = """
fake = 1
[fake]
"x" \\""" y""""
raw = \'\'\'
fake = '2'
\'\'\'
[[exempt]]
until = 2026-01-01T00:00:00+08:00
[[exempt]]
n = [
  [1, 2],
  [3],
]
[exempt.sub]
w = { a = 1, b = { c = "}" }, d.e = [] }
empty = {}
[[exempt.more]]
x = -1.5e3
[[exempt.more]]
y = true
[p . q]
  spaced   =   "]"
'''


def keys(tree: object, path: Key = ()) -> Iterator[Key]:
    if path:
        yield path
    if isinstance(tree, dict):
        for name, value in tree.items():
            yield from keys(value, (*path, name))
    elif isinstance(tree, list):
        for place, value in enumerate(tree):
            yield from keys(value, (*path, place))


def test_every_key_that_tomllib_reads_has_a_line_and_no_other_has() -> None:
    assert set(places(EVERYTHING)) == set(keys(tomllib.loads(EVERYTHING)))


def test_the_national_base_is_scanned_whole() -> None:
    text = (Path(__file__).parents[2] / "cities" / "_national.toml").read_text(encoding="utf-8")
    assert set(places(text)) == set(keys(tomllib.loads(text)))


@pytest.mark.parametrize(
    ("key", "line"),
    [
        (("top",), 2),
        (("a", "b", "c.d"), 3),
        (("a", "b", "c.d", 0), 3),
        (("a", "b", "c.d", 1, "f", 1, 0), 4),
        (("引号",), 6),
        (("s", "q.r"), 8),
        (("s", "q.r", "raw"), 13),
        (("exempt", 0), 16),
        (("exempt", 0, "until"), 17),
        (("exempt", 1, "n", 1), 21),
        (("exempt", 1, "sub", "w", "b", "c"), 24),
        (("exempt", 1, "sub", "empty"), 25),
        (("exempt", 1, "more", 1, "y"), 29),
        (("p", "q", "spaced"), 31),
    ],
)
def test_a_key_stands_on_its_line(key: Key, line: int) -> None:
    assert places(EVERYTHING)[key] == line
    first = EVERYTHING.splitlines()[line - 1]
    assert not isinstance(key[-1], str) or key[-1] in first
