"""Two texts side by side, character by character; what cannot be seen is made visible."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from rapidfuzz.distance import Indel

LONGEST = 4_000  # of two longer texts the whole is told as changed: the comparison costs the product of both
_SHOWN = {" ": "␣", "\n": "⏎", "\t": "⇥"}
_UNSEEN = frozenset({"Cc", "Cf", "Cn", "Co", "Cs", "Zs", "Zl", "Zp"})
_SELECTORS = (*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0), 0x34F, 0x115F, 0x1160, 0x3164, 0xFFA0)


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a text. ``change``: ``del`` stands on the master's side alone, ``ins`` on the city's, else empty.

    ``parts``: (text, is a sign for something that cannot be seen).
    """

    change: str
    parts: tuple[tuple[str, bool], ...]


def compared(master: str, city: str) -> tuple[tuple[Piece, ...], tuple[Piece, ...]]:
    """Return both sides in pieces: what only the master has, what only the city has, and what both have."""
    if max(len(master), len(city)) > LONGEST:
        return (_piece("del", master, loud=True),), (_piece("ins", city, loud=True),)
    left: list[Piece] = []
    right: list[Piece] = []
    for step in Indel.opcodes(master, city):
        if step.tag == "equal":
            left.append(_piece("", master[step.src_start : step.src_end], loud=False))
            right.append(_piece("", city[step.dest_start : step.dest_end], loud=False))
        elif step.tag == "delete":
            left.append(_piece("del", master[step.src_start : step.src_end], loud=True))
        else:
            right.append(_piece("ins", city[step.dest_start : step.dest_end], loud=True))
    return tuple(left), tuple(right)


def alone(text: str) -> tuple[Piece, ...]:
    """Return a text that is compared with nothing."""
    return (_piece("", text, loud=False),) if text else ()


def sign(character: str, *, loud: bool) -> str | None:
    """Return how a character that cannot be seen is shown, None for one that can; a blank only where it matters."""
    if character == " " and not loud:
        return None
    if character in _SHOWN:
        return _SHOWN[character] + ("\n" if character == "\n" else "")
    if unicodedata.category(character) in _UNSEEN or ord(character) in _SELECTORS:
        return f"⟨{ord(character):04X}⟩"
    return None


def _piece(change: str, text: str, *, loud: bool) -> Piece:
    edge = len(text) - len(text.rstrip(" "))
    last = len(text) - edge
    shown = [(sign(character, loud=loud or place >= last), character) for place, character in enumerate(text)]
    return Piece(change, tuple(_parts(shown)))


def _parts(shown: Sequence[tuple[str | None, str]]) -> Iterable[tuple[str, bool]]:
    for is_sign, group in groupby(shown, key=lambda each: each[0] is not None):
        yield "".join(mark or character for mark, character in group), is_sign
