"""Names and legal bases that differ from the master's as written: the material of elements_drift and text_cosmetic."""

from __future__ import annotations

import polars as pl

from citysync.domain.findings import PLACE
from citysync.reconciliation.match import Match
from citysync.reconciliation.normalise import normalised
from citysync.reconciliation.places import at_rows, together


def differing_texts(match: Match) -> pl.DataFrame:
    """Return the columns ``PLACE`` and ``same_meaning``: is the difference one of writing only.

    ``catalog_name`` where sent is compared instead of ``task_name``; the name of a 业务办理项 is its own and is not
    compared. A side that is empty is not compared.
    """
    catalog_name = pl.col("catalog_name")
    is_whole_item = catalog_name.is_null() & pl.col("task_handle_item").is_null()
    found = together(
        [
            _differing(match.paired, "catalog_name", "master_task_name"),
            _differing(match.paired.filter(is_whole_item), "task_name", "master_task_name"),
            _differing(match.paired, "by_law", "master_by_law"),
        ]
    )
    ours, theirs = normalised(pl.col("actual")), normalised(pl.col("expected"))
    return (
        found.with_columns(ours=ours, theirs=theirs)
        .filter(pl.col("ours").is_not_null() & pl.col("theirs").is_not_null())
        .select(*PLACE, same_meaning=pl.col("ours") == pl.col("theirs"))
    )


def _differing(rows: pl.DataFrame, field: str, master_field: str) -> pl.DataFrame:
    """Return the rows whose raw texts differ, both sent; most rows are equal and never need normalising."""
    own, master = pl.col(field), pl.col(master_field)
    return at_rows(rows.filter(own != master), field, expected=master, actual=own)
