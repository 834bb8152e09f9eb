"""On which line of a TOML file each key stands; ``tomllib`` reads values but forgets where they were."""

from __future__ import annotations

import re
import tomllib
from bisect import bisect_right
from collections.abc import Iterator

Key = tuple[str | int, ...]

_BLANK = re.compile(r"(?:[ \t\r\n]+|#[^\n]*)*")
_KEY_PART = re.compile(r"""[A-Za-z0-9_-]+|"(?:[^"\\\n]|\\.)*"|'[^'\n]*'""")
_DOT = re.compile(r"[ \t]*\.[ \t]*")
_TEXT = re.compile(
    r"""\"\"\"(?:[^\\]|\\.)*?\"{3,5}|'''.*?'{3,5}|"(?:[^"\\\n]|\\.)*"|'[^'\n]*'""",
    re.DOTALL,
)
_PLAIN = re.compile(r"[^,\]}#\r\n]+")


def places(text: str) -> dict[Key, int]:
    """Return key path → line (from 1) of a text that ``tomllib`` has accepted.

    A path names tables and keys as text, places in arrays and in arrays of tables as numbers:
    ``("exempt", 0, "until")``. Where a path appears more than once, the first line counts.
    """
    return _Scanner(text).found


class _Scanner:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._breaks = [match.start() for match in re.finditer("\n", text)]
        self._arrays: dict[Key, int] = {}
        self.found: dict[Key, int] = {}
        self._document()

    def _document(self) -> None:
        table: Key = ()
        self._skip(_BLANK)
        while self._at < len(self._text):
            if self._text.startswith("[", self._at):
                table = self._header()
            else:
                self._pair(table)
            self._skip(_BLANK)

    def _header(self) -> Key:
        double = self._text.startswith("[[", self._at)
        self._at += 2 if double else 1
        parts = list(self._dotted())
        array = (*self._table(parts[:-1]), parts[-1])
        self._note(array)
        table = (*array, self._count(array)) if double else self._table(parts)
        self._note(table)
        self._at = self._text.index("]", self._at) + (2 if double else 1)
        return table

    def _table(self, parts: list[str]) -> Key:
        """Return the path a header speaks of: inside an array of tables, its last element."""
        path: Key = ()
        for part in parts:
            path = (*path, part)
            if path in self._arrays:
                path = (*path, self._arrays[path])
            self._note(path)
        return path

    def _count(self, array: Key) -> int:
        self._arrays[array] = self._arrays.get(array, -1) + 1
        return self._arrays[array]

    def _pair(self, table: Key) -> None:
        path = table
        for part in self._dotted():
            path = (*path, part)
            self._note(path)
        self._skip(_BLANK)
        self._at += 1  # the equals sign
        self._value(path)

    def _dotted(self) -> Iterator[str]:
        self._skip(_BLANK)
        yield self._part()
        while self._skip(_DOT):
            yield self._part()

    def _part(self) -> str:
        part = self._take(_KEY_PART)
        return str(tomllib.loads(f"key = {part}")["key"]) if part[0] in "\"'" else part

    def _value(self, path: Key) -> None:
        self._skip(_BLANK)
        self._note(path)
        match self._text[self._at]:
            case "[":
                self._array(path)
            case "{":
                self._inline_table(path)
            case '"' | "'":
                self._take(_TEXT)
            case _:
                self._take(_PLAIN)

    def _array(self, path: Key) -> None:
        place = 0
        while self._more("]"):
            self._value((*path, place))
            place += 1

    def _inline_table(self, path: Key) -> None:
        while self._more("}"):
            self._pair(path)

    def _more(self, end: str) -> bool:
        """Step over the opening bracket or a comma; return whether another member follows, else step over the end."""
        self._skip(_BLANK)
        if self._text[self._at] in "[{,":
            self._at += 1
            self._skip(_BLANK)
        if self._text[self._at] != end:
            return True
        self._at += 1
        return False

    def _note(self, path: Key) -> None:
        self.found.setdefault(path, bisect_right(self._breaks, self._at - 1) + 1)

    def _take(self, pattern: re.Pattern[str]) -> str:
        match = pattern.match(self._text, self._at)
        if match is None:  # tomllib accepted the text, so this scanner lacks a rule: say so rather than loop
            raise ValueError(f"no {pattern.pattern!r} at character {self._at}")
        self._at = match.end()
        return match.group()

    def _skip(self, pattern: re.Pattern[str]) -> bool:
        match = pattern.match(self._text, self._at)
        self._at = match.end() if match else self._at
        return match is not None
