"""The normal form in which names and legal texts are compared; people are always shown the raw text.

A chosen table, not NFKC: NFKC turns ① into 1 and Ⅱ into II, which are other names. Folded are only other ways of
writing the same thing: width, brackets, quotes, dashes, dots, blanks and invisible characters, and characters
Unicode holds twice (Kangxi radicals, compatibility ideographs). Case is kept.
"""

from __future__ import annotations

import unicodedata
from functools import cache

import polars as pl

_FULL_WIDTH = range(0xFF01, 0xFF5F)
_FULL_TO_HALF = 0xFEE0
# U+2F00–2FD5 Kangxi radicals, U+F900–FAFF and U+2F800–2FA1F compatibility ideographs
_HELD_TWICE = (*range(0x2F00, 0x2FD6), *range(0xF900, 0xFB00), *range(0x2F800, 0x2FA20))
_SAME = {
    "(": "[{（［｛〔【〖〘〚﹙﹝﹛",
    ")": "]}）］｝〕】〗〙〛﹚﹞﹜",
    "<": "＜《〈«‹︽︿",
    ">": "＞》〉»›︾﹀",
    '"': "＂“”„‟〝〞〟「」『』﹁﹂﹃﹄｢｣'＇‘’‚‛`｀´",
    "-": "－‐‑‒–—―−﹘﹣⸺⸻─━",
    "·": "•・‧∙⋅･",
    "~": "～〜∼",
    "。": "｡",
    "、": "､",
}
_REMOVED = (
    *range(0x21),  # control characters and the blank
    *range(0x7F, 0xA1),
    0xAD,
    0x34F,
    0x61C,
    0x115F,
    0x1160,
    0x1680,
    0x17B4,
    0x17B5,
    *range(0x180B, 0x180F),
    *range(0x2000, 0x2010),  # blanks of every width, zero-width, direction marks
    *range(0x2028, 0x2030),
    *range(0x205F, 0x2070),
    0x3000,
    0x3164,
    *range(0xFE00, 0xFE10),  # variation selectors
    0xFEFF,
    0xFFA0,
    *range(0xFFF9, 0xFFFC),
    *range(0xE0100, 0xE01F0),
)


@cache
def table() -> dict[str, str]:
    """Return character → what it is compared as; no result holds a character that is itself folded."""
    folded = {chr(code): chr(code - _FULL_TO_HALF) for code in _FULL_WIDTH}
    folded |= {chr(code): unicodedata.normalize("NFKC", chr(code)) for code in _HELD_TWICE}
    folded |= {variant: form for form, variants in _SAME.items() for variant in variants}
    folded |= {chr(code): "" for code in _REMOVED}
    return {character: form for character, form in folded.items() if character != form}


def normalised(text: pl.Expr) -> pl.Expr:
    """Return names and texts in their normal form; what is nothing but blanks becomes null."""
    folded = text.str.replace_many(list(table()), list(table().values())).str.replace_all("-{2,}", "-")
    return folded.replace("", None)
