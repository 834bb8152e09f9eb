"""Pages of which only rows are read whose text did not come the night before.

A piece of a page that came then was by itself one object, strictly read: it is the same row again, as the same mapping
made it. Every other piece is strictly read by itself, and has to be exactly one object. Only where every piece of a
page is one, the page is taken so: together they are the list that the strict reader would read.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from functools import cached_property
from typing import TYPE_CHECKING

import polars as pl

from citysync.domain.errors import SourceError
from citysync.domain.row_texts import MOST_SHAPES, SAID, SENT, SHAPE, TEXTS, Cut, RowTexts, cut, hashed
from connectors._columns import Columns, text_of
from connectors._records import Record
from connectors._text import parse_json
from connectors._unread import Unread

if TYPE_CHECKING:  # it asks which kind of page it has
    from connectors._mapping import Key, Plan

_DEEPEST = 99  # nested deeper, it depends on what stands around a row whether it can be read at all
_FEW = 4  # up to one row in so many is read by itself; of more, columns are cheaper


class _NotForUs(Exception):
    """A piece is no object, or none that could be known again."""


class KnownRows:
    """Last night's rows by their texts, and every set of fields met so far.

    ``plan``: where columns are looked for, none beneath another; ``frame``: the rows; ``keys``: theirs; ``before``:
    their texts, of which ``since_whole`` is that of the pull under way.
    """

    def __init__(self, plan: Plan, frame: pl.DataFrame, keys: Sequence[Key | None], before: RowTexts) -> None:
        self.plan, self.frame, self.keys = plan, frame, keys
        self.key, self.since_whole = before.key, before.since_whole
        sent, said = before.rows[SENT].to_list(), before.rows[SAID]
        self._places = dict(zip(sent, range(len(sent)), strict=True))
        self._places.pop(None, None)
        alike = said.null_count() == len(said)
        self._said: list[int] = sent if alike else said.fill_null(before.rows[SENT]).to_list()
        self._shape: list[int] = before.rows[SHAPE].to_list()
        self.shapes = list(before.shapes)
        self._numbers = {fields: number for number, fields in enumerate(before.shapes)}

    def shape_of(self, fields: frozenset[str]) -> int | None:
        """Return the number of a set of fields, a new one where it was never met, None where there are too many."""
        if fields not in self._numbers and len(self.shapes) < MOST_SHAPES:
            self._numbers[fields] = len(self.shapes)
            self.shapes.append(fields)
        return self._numbers.get(fields)

    def mostly(self, page: Cut) -> KnownPage | None:
        """Return a page of which few rows are new, None for any other."""
        return self._page(page, len(page.pieces) // _FEW)

    def whatever(self, page: Cut) -> KnownPage | None:
        """Return a page whose every piece is an object, None for any other."""
        return self._page(page, len(page.pieces))

    def _page(self, page: Cut, most: int) -> KnownPage | None:
        found = list(map(self._places.get, page.sent))
        new = [number for number, place in enumerate(found) if place is None]
        if len(new) > most:
            return None
        with suppress(SourceError, UnicodeDecodeError, _NotForUs):
            fresh = [_alone(page.pieces[number]) for number in new]
            told = dict(zip(new, _said(fresh, page, new), strict=True))
            shapes = dict(zip(new, map(self._shape_for, fresh), strict=True))
            places = dict(zip(new, range(-1, -1 - len(new), -1), strict=True))
            return KnownPage(
                known=self,
                cut=page,
                places=[places[at] if place is None else place for at, place in enumerate(found)],
                said=[told[at] if place is None else self._said[place] for at, place in enumerate(found)],
                shapes=[shapes[at] if place is None else self._shape[place] for at, place in enumerate(found)],
                fresh=fresh,
            )
        return None

    def _shape_for(self, record: Record) -> int:
        shape = self.shape_of(frozenset(record))
        if shape is None:
            raise _NotForUs
        return shape


class KnownPage(Unread):
    """A page's rows: ``places`` in last night's, or, from -1 downwards, in ``fresh``.

    ``said``: the hash of each as compact JSON; ``shapes``: which fields each has.
    """

    def __init__(
        self,
        *,
        known: KnownRows,
        cut: Cut,
        places: list[int],
        said: list[int],
        shapes: list[int],
        fresh: Sequence[Record],
    ) -> None:
        self.known, self.places, self.said, self.shapes, self.fresh = known, places, said, shapes, fresh
        self.cut = cut

    @cached_property
    def names(self) -> frozenset[str]:
        """Return every field that some row has."""
        return frozenset().union(*(self.known.shapes[shape] for shape in set(self.shapes)))

    def __len__(self) -> int:
        return len(self.places)

    @property
    def sent(self) -> bytes:
        """Return the rows as they came."""
        return self.cut.rows


class Texts:
    """Takes in page after page; what it tells in the end is what the next night may know."""

    def __init__(self, known: KnownRows | None) -> None:
        self._known, self._came = known, 0
        self._sent: list[pl.Series] = []
        self._said: dict[int, int] = {}
        self._shapes = bytearray()

    def add(self, records: Sequence[Record]) -> None:
        """Count in a page's rows: rows that were read from no cut page are not known the next night."""
        if self._known is None:
            return
        if isinstance(records, KnownPage):
            self._came += len(records) - len(records.fresh)
            self._put(records.cut, records.said, records.shapes)
        elif isinstance(records, Columns) and records.cut and (shape := self._shape(records)) is not None:
            self._put(records.cut, records.said, [shape] * len(records))
        else:
            self.unknown(len(records))

    def unknown(self, rows: int) -> None:
        """Count in rows that the next night may not know."""
        if self._known is not None:
            self._sent.append(pl.Series([None] * rows, dtype=TEXTS[SENT]))
            self._shapes.extend(bytes(rows))

    def told(self) -> RowTexts | None:
        """Return the texts of all rows so far, None where nobody asked."""
        if self._known is None:
            return None
        sent = pl.concat([pl.Series([], dtype=TEXTS[SENT]), *self._sent])
        said = [self._said.get(place) for place in range(len(sent))] if self._said else None
        rows = pl.DataFrame({SENT: sent, SAID: said, SHAPE: list(self._shapes)}, schema=TEXTS)
        return RowTexts(self._known.key, self._known.since_whole, tuple(self._known.shapes), rows, self._came)

    def _put(self, page: Cut, said: list[int], shapes: list[int]) -> None:
        if said != page.sent:
            pairs = enumerate(zip(page.sent, said, strict=True), start=len(self._shapes))
            self._said.update((place, other) for place, (text, other) in pairs if other != text)
        self._sent.append(page.hashes)
        self._shapes.extend(shapes)

    def _shape(self, columns: Columns) -> int | None:
        if self._known is None or columns.cut is None or len(columns.cut.sent) != len(columns):
            return None  # a text holds what stands between rows
        return self._known.shape_of(frozenset(columns.frame.columns))


def _alone(piece: bytes) -> Record:
    """Return the one object a piece is, strictly read; raises what says that it is none, or none for us."""
    if piece.count(b"{") + piece.count(b"[") > _DEEPEST:
        raise _NotForUs
    record = parse_json(piece[:-1].decode())
    if not isinstance(record, dict):
        raise _NotForUs
    return record


def _said(fresh: Sequence[Record], page: Cut, places: Sequence[int]) -> list[int]:
    """Return the hash of each record as compact JSON; raises where one would be cut within, if it were written so.

    ``places``: where in the page each stands; most are written so.
    """
    texts = [cut(text_of([record])) for record in fresh]
    if any(len(text) != 1 for text in texts):
        raise _NotForUs
    if all(text[0] == page.pieces[place] for text, place in zip(texts, places, strict=True)):
        return [page.sent[place] for place in places]
    return hashed([text[0] for text in texts]).to_list()
