"""How a frame's rows reach a table: a slice at a time, with nothing in them that a database cannot hold."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any

import polars as pl
from polars import selectors

from citysync.storage.tables import NUL_SHOWN

_SLICE = 10_000


def slices(frame: pl.DataFrame, columns: Iterable[str], **owner: int | str) -> Iterator[list[dict[str, Any]]]:
    """Yield lists of rows with the named columns and the owner's keys."""
    shown = storable(frame.select(*columns)).with_columns(**{name: pl.lit(value) for name, value in owner.items()})
    for part in shown.iter_slices(_SLICE):
        yield part.to_dicts()


def storable(frame: pl.DataFrame) -> pl.DataFrame:
    """Return the frame as a table gives it back."""
    return frame.with_columns(selectors.string().str.replace_all("\x00", NUL_SHOWN, literal=True))


def plain_rows(frame: pl.DataFrame, columns: Iterable[str]) -> list[dict[str, Any]]:
    """Return rows as reading them back from a database gives them: days as ISO text, U+0000 shown."""
    rows = [row for part in slices(frame, columns) for row in part]
    return [
        {key: value.isoformat() if isinstance(value, date) else value for key, value in row.items()} for row in rows
    ]
