"""Names and legal bases that differ from the master's as written: the material of elements_drift and text_cosmetic."""

from __future__ import annotations

import polars as pl

from citysync.domain.findings import PLACE
from citysync.reconciliation.normalise import normalised
from citysync.reconciliation.places import at_rows, together

_PAIR = ("expected", "actual")


def differing_texts(paired: pl.DataFrame) -> pl.DataFrame:
    """Return the columns ``PLACE`` and ``same_meaning``: is the difference one of writing only.

    ``catalog_name`` where sent is compared instead of ``task_name``; the name of a 业务办理项 is its own and is not
    compared. A side that is empty is not compared.
    """
    always, is_whole_item = pl.lit(value=True), pl.col("catalog_name").is_null() & pl.col("task_handle_item").is_null()
    found = together(
        [
            _differing(paired, always, "catalog_name", "master_task_name"),
            _differing(paired, is_whole_item, "task_name", "master_task_name"),
            _differing(paired, always, "by_law", "master_by_law"),
        ]
    )
    if found.is_empty():
        return found.with_columns(same_meaning=pl.lit(None, dtype=pl.Boolean))
    # The counties of a city repeat each other's texts: each pair is normalised once.
    meanings = found.select(_PAIR).unique().with_columns(same_meaning=_equal_normalised())
    return found.join(meanings.drop_nulls("same_meaning"), on=_PAIR, how="inner").select(*PLACE, "same_meaning")


def _differing(rows: pl.DataFrame, where: pl.Expr, field: str, master_field: str) -> pl.DataFrame:
    """Return the rows, of those ``where``, whose raw texts differ, both sent: most are equal."""
    own, master = pl.col(field), pl.col(master_field)
    return at_rows(rows.filter((own != master) & where), field, expected=master, actual=own)


def _equal_normalised() -> pl.Expr:
    """Compare both sides in their normal form; null where a side holds nothing but blanks."""
    return normalised(pl.col("actual")) == normalised(pl.col("expected"))
