"""Rows that came before in the same pull, letter for letter: what was found of them then is found of them again.

A second pass proves by coming to the same rows. Each of its pages is asked for, received whole and kept as any other;
rows that are the same bytes as a page's before would only be read to the same end.
"""

from __future__ import annotations

from citysync.domain.row_texts import hashed
from connectors._records import Rows
from connectors._unread import Unread


class Again(Unread):
    """A page's rows as they came; ``mark``: by which they are the same."""

    def __init__(self, sent: bytes, mark: int, length: int) -> None:
        self._sent, self.mark, self._length = sent, mark, length

    @property
    def sent(self) -> bytes:
        """Return the rows as they came."""
        return self._sent

    def __len__(self) -> int:
        return self._length


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
