"""Rows that were not read as a page of their own: who wants a few of them as records has them read for that."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import cast, overload

from connectors._records import Record, Rows
from connectors._text import parse_json


class Unread(Rows):
    """A page's rows as the text that came, known to be a list of objects; a sequence of records to whoever looks."""

    @property
    @abstractmethod
    def sent(self) -> bytes:
        """Return the rows as they came."""

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
        return cast("list[Record]", parse_json(self.sent.decode()))
