"""The pages of one pull, read: plain rows into columns, anything else by the strict reader, page by page.

The envelope is always read strictly: where the rows stood it holds a place, and whoever looks at more of them than
where they are sends the page to the strict reader.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

from citysync.domain.errors import SourceError
from connectors._columns import Columns, columns_of
from connectors._records import LookedInto
from connectors._text import parse_json, read_json, refuse_constant

Told = TypeVar("Told")
_OPENS, _BETWEEN, _CLOSES = b'[{"', b"},{", b"}]"
_PLACE = "-Infinity"  # legal nowhere in JSON, so that no source can put one beside ours
_TRIED = 2
_LONGEST_ROW = 65_536  # as far as it is worth looking for where the first one ends


class Reader:
    """Reads page after page of one source; after two pages in a row not written plainly it tries no more."""

    def __init__(self, encoding: str | None) -> None:
        self._encoding = encoding
        self._missed = 0 if encoding in {None, "utf-8"} else _TRIED

    def read(self, data: bytes, judge: Callable[[object], Told]) -> Told:
        """Return what ``judge`` says of the page's document; raises ``Unreadable``, and what ``judge`` raises.

        ``judge`` may be asked twice: what it says of rows in columns counts only if it had no objection.
        """
        if self._missed < _TRIED and (document := self._quickly(data)) is not None:
            with suppress(SourceError, LookedInto):
                return judge(document)
        return judge(read_json(data, self._encoding))

    def _quickly(self, data: bytes) -> object | None:
        start, end = data.find(_OPENS), data.rfind(_CLOSES) + len(_CLOSES)
        # A list of one stands for its element in a dotted path: only several rows can be put aside unseen.
        if not 0 <= start < data.find(_BETWEEN, start, start + _LONGEST_ROW) < end:
            return None
        columns = columns_of(data[start:end])
        self._missed = 0 if columns is not None else self._missed + 1
        return None if columns is None else around(data[:start], columns, data[end:])


def around(before: bytes, columns: Columns, after: bytes) -> object | None:
    """Return the document that stands around rows, strictly read, with the columns in their place; None if none does.

    Rows and envelope are each UTF-8 and JSON by themselves, so together they are what the strict reader would read.
    """
    places = [columns]

    def put(name: str) -> object:
        return places.pop() if name == _PLACE and places else refuse_constant(name)

    with suppress(SourceError, UnicodeDecodeError, json.JSONDecodeError):
        document = parse_json(f"{before.decode()}{_PLACE}{after.decode()}", put)
        return None if places else document
    return None
