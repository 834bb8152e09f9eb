"""Rows that came before in the same pull, letter for letter: what was found of them then is found of them again.

A second pass proves by coming to the same rows. Each of its pages is asked for, received whole and kept as any other;
rows that are the same bytes as a page's before would only be read to the same end.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import cast, overload

from citysync.domain.row_texts import hashed
from connectors._records import Record, Rows
from connectors._text import parse_json


class Again(Rows):
    """A page's rows as they came, ``mark``: by which they are the same. A sequence of records for whoever reads it."""

    def __init__(self, text: bytes, mark: int, length: int) -> None:
        self.text, self.mark, self._length = text, mark, length

    def __len__(self) -> int:
        return self._length

    @overload
    def __getitem__(self, place: int) -> Record: ...

    @overload
    def __getitem__(self, place: slice) -> Sequence[Record]: ...

    def __getitem__(self, place: int | slice) -> Record | Sequence[Record]:
        return self._records[place]

    def __iter__(self) -> Iterator[Record]:
        return iter(self._records)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and list(self) == list(other)

    __hash__ = None  # type: ignore[assignment]  # a list has none either

    def __repr__(self) -> str:
        return repr(self._records)

    @cached_property
    def _records(self) -> list[Record]:
        return cast("list[Record]", parse_json(self.text.decode()))


class Seen:
    """Remembers which rows were read in this pull, by the hash of their text."""

    def __init__(self) -> None:
        self._lengths: dict[int, int] = {}

    def again(self, text: bytes) -> Again | int:
        """Return the rows if they came before, else the mark by which to remember them."""
        mark = int(hashed([text])[0])
        length = self._lengths.get(mark)
        return mark if length is None else Again(text, mark, length)

    def remember(self, rows: Rows, mark: int) -> Rows:
        """Return rows that were read, marked."""
        rows.mark, self._lengths[mark] = mark, len(rows)
        return rows
