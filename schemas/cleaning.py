"""Characters nobody sees or typed: control and invisible characters, private-use code points, escapes, garbled text.

What a text means is cleaned once and noted; what cannot be what the city wrote is garbled, and its row is rejected.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import unescape

import polars as pl

# Control characters never travel further: PostgreSQL refuses NUL, a workbook shows _x0000_, a terminal obeys them.
_PICTURES = {chr(code): chr(0x2400 + code) for code in range(32) if chr(code) not in "\t\n\r"} | {"\x7f": "\u2421"}
CONTROL = r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]"
_INVISIBLE = "\u00ad\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff"
_DIRECTIONS = "[\u202a-\u202e\u2066-\u2069]"
_LOOKALIKES = "[ΑΒΕΖΗΙΚΜΝΟΡΤΥΧАВЕЅІЈКМНОРСТХаеіјорсух]"  # Greek and Cyrillic that look like Latin; not β, Ω, Δ
_ESCAPES = (
    r"&(?:[A-Za-z][A-Za-z0-9]{1,30}|#[0-9]{1,7}|#[xX][0-9A-Fa-f]{1,6});|_x00(?:[01][0-9A-Fa-f]|5[Ff])_|<[bB][rR] ?/?>"
)
# Where GB 18030-2022 moved characters out of the private-use area; Python's codec still knows the table of 2000.
_PRIVATE = {
    **dict(zip(range(0xE78D, 0xE797), (0xFE10, 0xFE12, 0xFE11, *range(0xFE13, 0xFE1A)), strict=True)),
    0xE816: 0x20087,
    0xE817: 0x20089,
    0xE818: 0x200CC,
    0xE831: 0x215D7,
    0xE83B: 0x2298F,
    0xE855: 0x241FE,
    0xE81E: 0x9FB4,
    0xE826: 0x9FB5,
    0xE82B: 0x9FB6,
    0xE82C: 0x9FB7,
    0xE832: 0x9FB8,
    0xE843: 0x9FB9,
    0xE854: 0x9FBA,
    0xE864: 0x9FBB,
}
_MOVED = "".join(map(chr, _PRIVATE))
_PICTURED = "".join(_PICTURES.values())
DECEPTIVE = f"{_DIRECTIONS}|{_LOOKALIKES}"
UNCLEAN = f"[{_PICTURED}{_INVISIBLE}{_MOVED}]|{_ESCAPES}"

_CP1252 = (
    "\u0152\u0153\u0160\u0161\u0178\u017d\u017e\u0192\u02c6\u02dc\u2013\u2014"
    "\u2018-\u201e\u2020-\u2022\u2026\u2030\u2039\u203a\u20ac\u2122"
)
# U+FFFD; what UTF-8 or an unfilled buffer looks like as GBK; half a surrogate pair; UTF-8 or GBK read as Latin-1.
GARBLED = (
    "\ufffd|锟斤|斤拷|烫烫烫|屯屯屯|\\\\u[dD][89abAB][0-9a-fA-F]{2}"
    f"|[\u0080-\u009f]|[\u00c0-\u00ff][\u00a1-\u00ff{_CP1252}]{{2}}|[\u00a1-\u00ff]{{2}}[\u00d8-\u00f6\u00c0-\u00d6]"
)
# Chinese in UTF-8 begins with two of these bytes; so does the first character that is not ASCII, put into GB18030.
_CHINESE_FIRST, _CHINESE_SECOND = (*range(0xE2, 0xEA), 0xEF), range(0x80, 0xC0)
_SUSPECTED = "".join(bytes([one, two]).decode("gb18030") for one in _CHINESE_FIRST for two in _CHINESE_SECOND)
_MAY_BE_UTF8 = f"^[\x00-\x7f]*[{_SUSPECTED}]"
_CHINESE = re.compile("[\u0020-\u007e\u2010-\u2027\u3000-\u9fff\uff00-\uffef]*")

_escape, _unseen = re.compile(_ESCAPES), re.compile(f"[{_PICTURED}{_INVISIBLE}\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


def visible(rows: pl.DataFrame, names: Sequence[str]) -> pl.DataFrame:
    """Return rows with every control character of some columns shown by its picture (NUL as ␀): told and stored so."""
    return rows.with_columns(pl.col(names).str.replace_many(_PICTURES)) if names else rows


def with_any(rows: pl.DataFrame, texts: Sequence[pl.Expr], pattern: str) -> frozenset[str]:
    """Return the names of the columns in which any text has the pattern: most have none and need no second look."""
    found = rows.select(text.str.contains(pattern).any() for text in texts)
    return frozenset(name for name in found.columns if found[name][0])


def cleaned(text: pl.Expr) -> pl.Expr:
    """Return texts with escapes decoded once, invisible characters removed, private-use code points as the standard's.

    ``&nbsp;`` and ``_x000B_`` are decoded, ``&amp;nbsp;`` is not decoded twice; ``<br>`` becomes a line feed.
    """
    return text.map_batches(_mended, return_dtype=pl.String)


def deceptive(text: pl.Expr) -> pl.Expr:
    """Return whether a text turns the direction of reading, or has look-alike Greek or Cyrillic letters in it."""
    mixed = text.str.contains(_LOOKALIKES) & text.str.contains("[0-9A-Za-z\u4e00-\u9fff]")
    return text.str.contains(_DIRECTIONS) | mixed


def garbled(text: pl.Expr) -> pl.Expr:
    """Return whether a text was read in a wrong encoding somewhere on its way to us."""
    return text.str.contains(GARBLED).fill_null(value=False) | quietly_garbled(text)


def quietly_garbled(text: pl.Expr) -> pl.Expr:
    """Return whether every character of a garbled text is a good one, and together they are UTF-8 read as GBK."""
    return text.map_batches(_which_are_utf8, return_dtype=pl.Boolean)


def _mended(texts: pl.Series) -> pl.Series:
    odd = texts.str.contains(UNCLEAN).fill_null(value=False)
    if not odd.any():
        return texts
    mended = [_mend(text) if unclean else text for text, unclean in zip(texts, odd, strict=True)]
    return pl.Series(texts.name, mended, dtype=pl.String)


def _mend(text: str) -> str:
    return _unseen.sub("", _escape.sub(_decoded, text)).translate(_PRIVATE)


def _decoded(found: re.Match[str]) -> str:
    escape = found[0]
    if escape.startswith("_"):
        return chr(int(escape[2:6], 16))
    return "\n" if escape.startswith("<") else unescape(escape)


def _which_are_utf8(texts: pl.Series) -> pl.Series:
    suspected = texts.filter(texts.str.contains(_MAY_BE_UTF8)).unique()
    quietly = suspected.filter(pl.Series([_is_utf8_read_as_gbk(text) for text in suspected], dtype=pl.Boolean))
    if quietly.is_empty():
        return pl.repeat(value=False, n=len(texts), dtype=pl.Boolean, eager=True)
    return texts.is_in(quietly.implode()).fill_null(value=False)


def _is_utf8_read_as_gbk(text: str) -> bool:
    """Return whether a text, put back into GB18030, is Chinese in UTF-8: 浣犲ソ was 你好."""
    if text.isascii():
        return False
    try:
        meant = text.encode("gb18030").decode("utf-8")
    except UnicodeError:
        return False
    return _CHINESE.fullmatch(meant) is not None
