"""Every text people are told, as the code really says it, compared with what was read and agreed on.

``GOLDEN_WRITE=1 pytest …`` writes the files anew; the difference is then read like any other change.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from pathlib import Path

FOLDER = Path(__file__).parent
_CHANGING = (
    (re.compile(r"/[^\s:'（]*?/(?=cities/|data/)"), "…/"),
    (re.compile(r"127\.0\.0\.1:\d+"), "127.0.0.1:PORT"),
    (re.compile(r"\d{8}T\d{6}-[0-9a-f]{6}"), "RUN"),
)


def steady(text: str) -> str:
    """Return a text without what changes from run to run: ports, run ids, places of this machine."""
    for pattern, shown in _CHANGING:
        text = pattern.sub(shown, text)
    return text


def agreed(name: str, lines: Iterable[str]) -> tuple[list[str], list[str]]:
    """Return what the code says and what was agreed on, both sorted; write the file first if that was asked for."""
    path, said = FOLDER / f"{name}.txt", sorted({steady(line) for line in lines})
    if os.environ.get("GOLDEN_WRITE") == "1":
        path.write_text("\n".join(said) + "\n", encoding="utf-8")
    return said, path.read_text(encoding="utf-8").splitlines()


def lines_of(name: str) -> list[str]:
    """Return what was agreed on, line by line."""
    return (FOLDER / f"{name}.txt").read_text(encoding="utf-8").splitlines()


def one_agreed(name: str, line: str) -> list[str]:
    """Return the lines agreed on under a line's first word; put the line in their place first if that was asked for."""
    path, key = FOLDER / f"{name}.txt", line.partition(" | ")[0]
    if os.environ.get("GOLDEN_WRITE") == "1":
        others = [each for each in lines_of(name) if each.partition(" | ")[0] != key] if path.exists() else []
        path.write_text("\n".join(sorted([*others, line])) + "\n", encoding="utf-8")
    return [each for each in lines_of(name) if each.partition(" | ")[0] == key]
