"""Which field of a source probably is the one that is missing: fields are renamed more often than dropped."""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import get_close_matches

from citysync.domain.items import HEADINGS

_ALIKE = 0.7


def renamed(name: str, theirs: str, unknown: Iterable[str]) -> str | None:
    """Return the unknown field that probably is a missing one: same meaning, same but for its writing, or alike.

    ``name``: our column; ``theirs``: what the city's file calls it; ``unknown``: fields nobody mapped or ignored.
    """
    fields = list(unknown)
    for field in fields:
        leaf = field.rpartition(".")[2]
        if HEADINGS.get(leaf) == name or _bare(leaf) in {_bare(theirs.rpartition(".")[2]), _bare(name)}:
            return field
    near = get_close_matches(theirs, fields, 1, _ALIKE) or get_close_matches(name, fields, 1, _ALIKE)
    return near[0] if near else None


def suspicion(name: str, theirs: str, unknown: Iterable[str]) -> str:
    """Return what to add to a sentence about a missing field: the field it may have become, or nothing."""
    near = renamed(name, theirs, unknown)
    return "" if near is None else f"，疑似改名为 {near}"


def _bare(name: str) -> str:
    return re.sub(r"[\W_]", "", name).casefold()
