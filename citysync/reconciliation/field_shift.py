"""Which fields turned empty, or changed, in so many items that it is the source's doing and not the items'."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl

from citysync.domain import codes, items
from citysync.reconciliation.normalise import normalised
from citysync.reconciliation.turnover import Turnover, compared


@dataclass(frozen=True, slots=True)
class Shift:
    """One field over the items both nights have: how many turned empty, changed.

    ``empty_before``, ``empty_now``: how many were empty in all, counted where any turned empty.
    """

    field: str
    items: int
    empty_before: int
    empty_now: int
    emptied: int
    changed: int
    example: str = ""

    @property
    def amount(self) -> int:
        """Return in how many items the field turned empty or changed: what an approval must cover."""
        return self.emptied + self.changed


def shifts(moved: Turnover, limit: int) -> Iterator[Shift]:
    """Yield the fields that turned empty or changed in more items than ``limit``.

    Ways of writing do not count: full width, blanks and invisible characters are no change.
    """
    pairs = moved.changed
    if pairs.is_empty():
        return
    told = pairs.select(expr for name in compared() for expr in _counts(name)).row(0, named=True)
    for name in compared():
        emptied, changed = int(told[f"{name}:emptied"]), int(told[f"{name}:changed"])
        if changed > limit:
            changed = _really_changed(pairs, name)
        if max(emptied, changed) > limit:
            empty = _empty(moved, name) if emptied else (0, 0)
            example = _example(pairs, name) if changed > limit else ""
            yield Shift(name, moved.kept, *empty, emptied, changed, example)


def touched(moved: Turnover) -> int:
    """Return how many items changed in any field at all, for the preview."""
    differs = pl.any_horizontal(pl.col(name).ne_missing(pl.col(f"{name}_before")) for name in compared())
    return int(moved.changed.select(differs.sum()).item())


def _counts(name: str) -> Iterator[pl.Expr]:
    now, before = pl.col(name), pl.col(f"{name}_before")
    yield (before.is_not_null() & now.is_null()).sum().alias(f"{name}:emptied")
    yield (before != now).sum().alias(f"{name}:changed")


def _empty(moved: Turnover, name: str) -> tuple[int, int]:
    """Return in how many kept items a field was empty before, and is now."""
    now = moved.of_kept(name).get_column(name).null_count()
    more = moved.changed.get_column(name).null_count() - moved.changed.get_column(f"{name}_before").null_count()
    return now - more, now


def _meaning(column: str, kind: items.Kind) -> pl.Expr:
    return normalised(pl.col(column)) if kind is items.Kind.TEXT else codes.folded(pl.col(column))


def _really_changed(both: pl.DataFrame, name: str) -> int:
    kind = items.COLUMNS[name].kind
    pairs = both.select(name, f"{name}_before").filter(pl.col(name) != pl.col(f"{name}_before"))
    return int(pairs.select((_meaning(name, kind) != _meaning(f"{name}_before", kind)).sum()).item())


def _example(pairs: pl.DataFrame, name: str) -> str:
    pair = pairs.filter(pl.col(name) != pl.col(f"{name}_before")).sort("key").select(f"{name}_before", name).row(0)
    return "→".join(f"“{value[:20]}”" for value in pair)
