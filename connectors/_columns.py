"""Rows of a page straight into columns, where it is proved that the strict reader would say the same.

The proof: the columns, written as JSON, are byte for byte what was sent. What is written says exactly what the columns
hold, so what was sent does, too: had a key been sent twice or not at all, a number been bent, an escape been read
otherwise or a value been nested, the bytes would differ. Nothing rests on how the fast reader reads. Rows that are
written otherwise (blanks, escapes that need not be, keys in another order) say nothing wrong: they are merely not for
this reader.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from functools import cached_property
from io import BytesIO, IOBase
from typing import cast, overload

import polars as pl

from citysync.domain.row_texts import Cut, cut, hashed
from connectors._records import Record, Rows

_BETWEEN = b"},{"
_COMPACT = (",", ":")
_TEXT, _WHOLE = pl.String(), pl.Int64()


class Columns(Rows):
    """A page's rows as columns of text; ``text``: the same rows as compact JSON, numbers as texts.

    ``cut``: the rows as they came, where that was asked for. A sequence of records for whoever wants a few of them.
    """

    def __init__(self, frame: pl.DataFrame, text: bytes, *, as_sent: bool = False) -> None:
        self.frame, self.text, self._as_sent = frame, text, as_sent
        self.cut: Cut | None = None

    @cached_property
    def said(self) -> list[int]:
        """Return the hash of each piece of ``text``."""
        if self.cut is not None and self._as_sent:
            return self.cut.sent
        return hashed(cut(self.text)).to_list()

    def __len__(self) -> int:
        return self.frame.height

    @overload
    def __getitem__(self, place: int) -> Record: ...

    @overload
    def __getitem__(self, place: slice) -> Sequence[Record]: ...

    def __getitem__(self, place: int | slice) -> Record | Sequence[Record]:
        return self.frame.row(place, named=True) if isinstance(place, int) else self.frame[place].to_dicts()

    def __iter__(self) -> Iterator[Record]:
        return iter(self.frame.to_dicts())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and list(self) == list(other)

    __hash__ = None  # type: ignore[assignment]  # a list has none either

    def __repr__(self) -> str:
        return repr(self.frame.to_dicts())


def columns_of(rows: bytes) -> Columns | None:
    """Return a JSON array of at least two objects as columns of text, None where that is not proved to be exact.

    Keys are those of the first object, in its order; values are texts, null, or whole numbers of 64 bits in columns
    where the first one is.
    """
    first = _first(rows)
    if first is None:
        return None
    try:
        frame = pl.read_json(rows, schema={name: _WHOLE if whole else _TEXT for name, whole in first.items()})
    except pl.exceptions.PolarsError:
        return None
    expected = _Expected(rows)
    frame.write_json(cast("IOBase", expected))
    if not expected.met:
        return None
    if not any(first.values()):
        return Columns(frame, rows, as_sent=True)
    texts = frame.cast(pl.String())
    return Columns(texts, _written(texts))


def text_of(records: Sequence[Record]) -> bytes:
    """Return records as compact JSON: equal for equal records, however they were read."""
    if isinstance(records, Columns):
        return records.text
    return json.dumps(list(records), ensure_ascii=False, separators=_COMPACT).encode("utf-8", "surrogatepass")


class _Expected:
    """A file that takes what is written for what it should be, and keeps nothing: memory for a page costs a copy."""

    def __init__(self, whole: bytes) -> None:
        self._whole, self._place, self._same = whole, 0, True

    def write(self, piece: bytes) -> int:
        """Compare a piece with what should come next."""
        self._same = self._same and self._whole.startswith(piece, self._place)  # a memoryview would go byte by byte
        self._place += len(piece)
        return len(piece)

    def flush(self) -> None:
        """Do nothing: nothing waits."""

    @property
    def met(self) -> bool:
        """Return whether exactly the whole was written."""
        return self._same and self._place == len(self._whole)


def _first(rows: bytes) -> dict[str, bool] | None:
    """Return the first object's keys and which of them hold a whole number, None where it is written otherwise."""
    first = rows[1 : rows.find(_BETWEEN) + 1]
    try:
        record = json.loads(first)
        same = json.dumps(record, ensure_ascii=False, separators=_COMPACT).encode() == first
    except (ValueError, RecursionError):
        return None
    if not same or not all(value is None or type(value) in {str, int} for value in record.values()):
        return None
    return {name: type(value) is int for name, value in record.items()}


def _written(frame: pl.DataFrame) -> bytes:
    buffer = BytesIO()
    frame.write_json(buffer)
    return buffer.getvalue()
