"""The documents as the house tests read them: their words, their sections, their examples."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
READMES = (ROOT / "README.md", ROOT / "README.zh-CN.md")

_CODE = re.compile(r"`([^`\n]+)`")
_FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
_HEADING = re.compile(r"^(#+) +(.*)$", re.MULTILINE)
_LINK = re.compile(r"\]\(([^)\s]+)\)")


@dataclass(frozen=True)
class Example:
    """A fenced block: its language and its text."""

    language: str
    text: str


def pages() -> list[Path]:
    """Return every document people are sent to: docs/ without the decisions, and both READMEs."""
    return [*sorted(DOCS.glob("*.md")), *READMES]


def page(name: str) -> str:
    """Return one page of docs/."""
    return (DOCS / name).read_text(encoding="utf-8")


def everything() -> str:
    """Return all of docs/ as one text."""
    return "\n".join(path.read_text(encoding="utf-8") for path in sorted(DOCS.glob("*.md")))


def quoted(text: str) -> set[str]:
    """Return what stands between backticks, outside fenced blocks."""
    return set(_CODE.findall(_FENCE.sub("", text)))


def unnamed(names: Iterable[str], text: str) -> list[str]:
    """Return the names that never stand between backticks, alone or as the first of several words."""
    said = quoted(text) | {word for code in quoted(text) for word in code.split(" ")}
    return sorted(name for name in names if name not in said)


def rows(text: str) -> list[tuple[str, str]]:
    """Return the first two cells of each row of a text's tables that begins with a name in backticks."""
    return re.findall(r"^\| `([^`]+)` \| ([^|]*?) *\|", text, re.MULTILINE)


def examples(text: str) -> list[Example]:
    """Return the fenced blocks of a text."""
    return [Example(language, body) for language, body in _FENCE.findall(text)]


def section(text: str, title: str) -> str:
    """Return what stands under a heading, up to the next one of its rank or higher; empty if there is none."""
    plain = _FENCE.sub(lambda block: re.sub(r"[^\n]", " ", block[0]), text)
    headings = [(len(found[1]), found[2].replace("`", ""), found.start()) for found in _HEADING.finditer(plain)]
    for place, (rank, name, start) in enumerate(headings):
        if name == title:
            end = next((other for level, _, other in headings[place + 1 :] if level <= rank), len(text))
            return text[start:end]
    return ""


def anchors(text: str) -> set[str]:
    """Return the anchors of a page's headings, as GitHub makes them."""
    names = (found[2] for found in _HEADING.finditer(_FENCE.sub("", text)))
    return {re.sub(r"[^\w\- ]", "", name.lower()).replace(" ", "-") for name in names}


def links(text: str) -> Iterator[str]:
    """Yield where a text's links lead, those to the web left out."""
    return (link for link in _LINK.findall(_FENCE.sub("", text)) if "://" not in link)
