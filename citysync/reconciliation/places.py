"""How a check says where a finding is."""

from __future__ import annotations

import polars as pl

from citysync.domain.findings import PLACE, no_places

WHERE = ("task_code", "task_handle_item", "catalog_code", "areacode")
_NOTHING = pl.lit(None, dtype=pl.String)


def at_rows(
    rows: pl.DataFrame,
    field: str | pl.Expr,
    *,
    expected: pl.Expr = _NOTHING,
    actual: pl.Expr = _NOTHING,
) -> pl.DataFrame:
    """Return one finding per row: its key, the field, what should stand there and what does."""
    if rows.is_empty():  # most checks of most cities: nothing is worked out of nothing
        return no_places()
    name = pl.lit(field) if isinstance(field, str) else field
    return rows.select(
        *WHERE,
        field=name,
        expected=expected.cast(pl.String),
        actual=actual.cast(pl.String),
    )


def about_source(fields: list[str]) -> pl.DataFrame:
    """Return one finding per field of the source as a whole: no row, no item, no region."""
    return no_places().vstack(
        pl.DataFrame({name: fields if name == "field" else [None] * len(fields) for name in PLACE}, schema=PLACE)
    )


def at_most(limit: pl.Expr) -> pl.Expr:
    """Return how an upper limit is written: ``≤ 3``."""
    return pl.format("≤ {}", limit)


def together(found: list[pl.DataFrame]) -> pl.DataFrame:
    """Return what was found in several fields as one table."""
    return pl.concat([no_places(), *found])
