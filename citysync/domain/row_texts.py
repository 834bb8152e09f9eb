"""By which text each row of a snapshot came: a text that comes again, read in the same way, is the same row again.

A page's rows are cut wherever one object may end. A cut within an object does no harm: what lies between two cuts
counts for a row only if it is by itself one whole object, and objects with commas between them are one list, whichever
way they were told apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import polars as pl
import polars_hash as plh

from citysync.domain.row_hashes import ROW

SENT, SAID, SHAPE = "sent", "said", "shape"
TEXTS: dict[str, pl.DataType] = {SENT: pl.UInt128(), SAID: pl.UInt128(), SHAPE: pl.UInt8()}
MOST_SHAPES = 256
_ENDED = b"},"


@dataclass(frozen=True)
class RowTexts:
    """The texts of one snapshot's rows, in their order.

    ``key``: how they were read; ``since_whole``: how many pulls ago all rows were read; ``shapes``: sets of fields;
    ``rows``: frame TEXTS, ``sent`` the hash of a row's text (null: not known), ``said`` that of the same row as compact
    JSON where it is another, ``shape`` the place of its fields in ``shapes``; ``known``: how many were not read.
    """

    key: str
    since_whole: int
    shapes: tuple[frozenset[str], ...]
    rows: pl.DataFrame = field(repr=False)
    known: int = 0


def cut(rows: bytes) -> list[bytes]:
    """Return the pieces of a JSON array, each with the comma behind it: of objects, cut wherever one may end."""
    pieces, start, place = [], 1, 1
    while (place := rows.find(b"{", place + 1)) > 0:  # one letter is found ten times as fast as three
        if rows[place - 2 : place] == _ENDED:
            pieces.append(rows[start:place])
            start = place
    pieces.append(rows[start:-1] + b",")
    return pieces


def hashed(pieces: Sequence[bytes]) -> pl.Series:
    """Return the XXH3-128 of each piece, UInt128."""
    frame = pl.DataFrame({SENT: pl.Series(pieces, dtype=pl.Binary)})
    return frame.select(plh.col(SENT).nchash.xxh3_128()).to_series()


@dataclass(frozen=True)
class Cut:
    """A page's rows, cut. ``hashes``: of each piece, and as a list ``sent``."""

    rows: bytes = field(repr=False)
    pieces: Sequence[bytes] = field(repr=False)
    hashes: pl.Series
    sent: list[int] = field(repr=False)

    @classmethod
    def of(cls, rows: bytes) -> Cut:
        """Cut the rows of a page."""
        pieces = cut(rows)
        hashes = hashed(pieces)
        return cls(rows, pieces, hashes, hashes.to_list())


def order_of(hashes: pl.DataFrame) -> int:
    """Return what tells rows in one order from others, or from the same in another order; ``hashes``: frame HASHES."""
    place = pl.int_range(pl.len(), dtype=pl.UInt64)
    return int(hashes.select((pl.col(ROW) * (2 * place + 1)).sum()).item())
