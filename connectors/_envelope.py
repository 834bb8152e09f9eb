"""The pages of one pull, read: known rows as they were, plain ones into columns, anything else by the strict reader.

Rows that came before in the pull, letter for letter, are not read again.

The envelope is always read strictly: where the rows stood it holds a place, and whoever looks at more of them than
where they are sends the page to the strict reader.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

from citysync.domain.errors import SourceError
from citysync.domain.row_texts import Cut
from connectors._again import Again, Seen
from connectors._columns import columns_of
from connectors._known import KnownRows
from connectors._records import LookedInto, Rows
from connectors._text import parse_json, read_json, refuse_constant

Told = TypeVar("Told")
_OPENS, _BETWEEN, _CLOSES = b'[{"', b"},{", b"}]"
_PLACE = "-Infinity"  # legal nowhere in JSON, so that no source can put one beside ours
_TRIED = 2
_LONGEST_ROW = 65_536  # as far as it is worth looking for where the first one ends


class Reader:
    """Reads page after page of one source; after two pages in a row not written plainly it tries no more.

    ``known``: last night's rows by their texts.
    """

    def __init__(self, encoding: str | None, known: KnownRows | None = None) -> None:
        self._encoding, self._known, self._seen = encoding, known, Seen()
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
        text = data[start:end]
        found = self._seen.again(text)
        rows = found if isinstance(found, Again) else self._rows(text)
        if rows is not None and not isinstance(found, Again):
            self._seen.remember(rows, found)
        self._missed = 0 if rows is not None else self._missed + 1
        return None if rows is None else around(data[:start], rows, data[end:])

    def _rows(self, text: bytes) -> Rows | None:
        if self._known is None:
            return columns_of(text)
        page = Cut.of(text)
        if (found := self._known.mostly(page)) is not None:
            return found
        if (columns := columns_of(text)) is not None:
            columns.cut = page
            return columns
        return self._known.whatever(page)


def around(before: bytes, rows: Rows, after: bytes) -> object | None:
    """Return the document that stands around rows, strictly read, with the columns in their place; None if none does.

    Rows and envelope are each UTF-8 and JSON by themselves, so together they are what the strict reader would read.
    """
    places = [rows]

    def put(name: str) -> object:
        return places.pop() if name == _PLACE and places else refuse_constant(name)

    with suppress(SourceError, UnicodeDecodeError, json.JSONDecodeError):
        document = parse_json(f"{before.decode()}{_PLACE}{after.decode()}", put)
        return None if places else document
    return None
