"""What one version of the master catalogue changes against another: 新增、调整、拆分、合并、废置, and for whom."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

import polars as pl

from citysync.domain.catalogue import MASTER, MasterCatalogue
from citysync.domain.city import City
from citysync.domain.identity import PROPOSALS, UNITS
from citysync.reconciliation.identity import propose
from citysync.reconciliation.identity_names import read_name
from citysync.reconciliation.obligations import duties, parents_of

# One row per code and column; values as text.
ADJUSTED: dict[str, pl.DataType] = {
    "catalog_code": pl.String(),
    "field": pl.String(),
    "before": pl.String(),
    "after": pl.String(),
}
_LISTS = ("use_level", "applies_to")


@dataclass(frozen=True)
class MasterDiff:
    """``added``, ``abolished``: catalog_code, task_name; ``adjusted``: frame ``ADJUSTED``; ``identity``: ``PROPOSALS``.

    An item cancelled by the day its version took effect counts as not there. What is proposed as re-coded, split or
    merged stands among the added and the abolished too: a proposal is no decision.
    """

    added: pl.DataFrame
    abolished: pl.DataFrame
    adjusted: pl.DataFrame
    identity: pl.DataFrame


@dataclass(frozen=True, slots=True)
class Touched:
    """What a change of the master means for one city: obligations that appear and disappear, adjusted ones it has."""

    code: str
    name: str
    due_before: int
    due_after: int
    appear: int
    disappear: int
    adjusted: int


def compare_masters(before: MasterCatalogue, after: MasterCatalogue) -> MasterDiff:
    """Return what the second version changes against the first."""
    old, new = _in_force(before), _in_force(after)
    gone, come = old.join(new, on="catalog_code", how="anti"), new.join(old, on="catalog_code", how="anti")
    staying = frozenset(read_name(name).key for name in new.join(come, on="catalog_code", how="anti")["task_name"])
    return MasterDiff(
        added=come.select("catalog_code", "task_name").sort("catalog_code"),
        abolished=gone.select("catalog_code", "task_name").sort("catalog_code"),
        adjusted=_adjusted(old, new),
        identity=propose(_units(gone), _units(come), staying=staying).select(list(PROPOSALS)),
    )


def touched(before: MasterCatalogue, after: MasterCatalogue, cities: Iterable[City], on: date) -> list[Touched]:
    """Return for each city how many obligations it would gain and lose on a day, and how many are adjusted."""
    changed = compare_masters(before, after).adjusted.select("catalog_code").unique()
    parents = (parents_of(before.items), parents_of(after.items))
    return [_touched(before, after, city, on, changed, parents) for city in cities]


def _touched(
    before: MasterCatalogue,
    after: MasterCatalogue,
    city: City,
    on: date,
    changed: pl.DataFrame,
    parents: tuple[pl.DataFrame, pl.DataFrame],
) -> Touched:
    old, new = duties(before.items, parents[0], city, on), duties(after.items, parents[1], city, on)
    return Touched(
        code=city.code,
        name=city.name,
        due_before=old.height,
        due_after=new.height,
        appear=new.join(old, on=new.columns, how="anti").height,
        disappear=old.join(new, on=old.columns, how="anti").height,
        adjusted=new.join(old, on=new.columns, how="semi").join(changed, on="catalog_code", how="semi").height,
    )


def _in_force(master: MasterCatalogue) -> pl.DataFrame:
    cancelled = pl.col("plan_cancel_date") <= master.effective_on
    return master.items.filter(~cancelled.fill_null(value=False))


def _units(items: pl.DataFrame) -> pl.DataFrame:
    nobody = pl.lit([], dtype=pl.List(pl.String))
    return items.select("task_type", "dept_name", code="catalog_code", name="task_name", bodies=nobody).select(
        list(UNITS)
    )


def _adjusted(old: pl.DataFrame, new: pl.DataFrame) -> pl.DataFrame:
    """Return one row per code and column that differs; the order of a list's members says nothing."""
    there, here = _as_text(old), _as_text(new)
    both = there.join(here, on="catalog_code", suffix="_after")
    found = [
        both.filter(pl.col(name).ne_missing(pl.col(f"{name}_after"))).select(
            "catalog_code", field=pl.lit(name), before=pl.col(name), after=pl.col(f"{name}_after")
        )
        for name in MASTER
        if name != "catalog_code"
    ]
    return pl.concat([pl.DataFrame(schema=ADJUSTED), *found]).sort("catalog_code", "field")


def _as_text(items: pl.DataFrame) -> pl.DataFrame:
    lists = {name: pl.col(name).list.unique().list.sort().list.join(",").fill_null("") for name in _LISTS}
    return items.select(list(MASTER)).with_columns(**lists).cast(pl.String)
