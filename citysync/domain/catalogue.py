"""The master catalogue (基本目录): what every region must have, and since when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

import polars as pl

from citysync.domain.narrowing import narrowed

DEFAULT_CAP = 3  # visits in person; vice-governor's inspection of July 2013: never more than 3

ITEM = "item"  # a column: which of the master's items is meant, by its row, from 0

# One row per catalog_code. use_level and applies_to are lists; empty use_level obliges nobody and checks no level,
# empty applies_to means every region. online_handle_depth is the target, limit_scene_num the cap.
MASTER: dict[str, pl.DataType] = {
    "catalog_code": pl.String(),
    "task_name": pl.String(),
    "task_type": pl.String(),
    "use_level": pl.List(pl.String()),
    "dept_name": pl.String(),
    "by_law": pl.String(),
    "parent_code": pl.String(),
    "limit_scene_num": pl.Int64(),
    "online_handle_depth": pl.String(),
    "applies_to": pl.List(pl.String()),
    "plan_effective_date": pl.Date(),
    "plan_cancel_date": pl.Date(),
    "task_version": pl.Int64(),
}


@dataclass(frozen=True, eq=False)  # itself and no other, so that what was made of it can be looked up by it
class MasterCatalogue:
    """One version of the master catalogue.

    ``items``: frame with the columns of ``MASTER``. ``changed``: catalogue code → the day its last change took effect,
    for codes added, altered or dropped since the first version; the first version starts no grace.
    """

    version: str
    effective_on: date
    items: pl.DataFrame
    changed: Mapping[str, date] = field(default_factory=dict)

    def of(self, codes: pl.Series) -> pl.DataFrame:
        """Return the items that have one of some codes; where those are many, all items, to be joined with them."""
        return narrowed(self.items, "catalog_code", codes)
