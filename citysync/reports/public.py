"""What citizens may read of a city's directory: how often one must appear, and within how many days. Pure.

These are the only columns that ever reach the public page; every other one is left behind here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

import polars as pl

from citysync.domain.catalogue import DEFAULT_CAP, MasterCatalogue
from citysync.domain.vocabulary import IN_USE, VALUES


@dataclass(frozen=True, slots=True)
class Promise:
    """Days promised in one unit (``unit``: its label, empty where the source does not say), from least to most."""

    least: int
    most: int
    unit: str


@dataclass(frozen=True, slots=True)
class Offer:
    """One item in one city. ``visits``: least and most over its counters, None where nothing is stated."""

    visits: tuple[int, int] | None
    promises: tuple[Promise, ...] = ()


@dataclass(frozen=True, slots=True)
class Item:
    """One item of the master catalogue, as citizens look for it. ``cap``: how many visits are allowed at most."""

    code: str
    name: str
    kind: str
    cap: int


def items_of(master: MasterCatalogue, on: date) -> tuple[Item, ...]:
    """Return the items in force on a day, by name; a main item that has sub-items is found through them."""
    frame = master.items
    parents = frame["parent_code"].drop_nulls().unique().to_list()
    ends, begins = pl.col("plan_cancel_date"), pl.col("plan_effective_date")
    alive = (ends.is_null() | (ends > on)) & (begins.is_null() | (begins <= on))
    rows = frame.filter(alive & ~pl.col("catalog_code").is_in(parents)).sort("task_name", "catalog_code")
    columns = ("catalog_code", "task_name", "task_type", "limit_scene_num")
    return tuple(
        Item(code, name, VALUES["task_type"].get(kind, ""), min(DEFAULT_CAP, DEFAULT_CAP if cap is None else cap))
        for code, name, kind, cap in rows.select(columns).iter_rows()
    )


def offers_of(accepted: pl.DataFrame) -> dict[str, Offer]:
    """Return catalogue code → what a city says of it. ``accepted``: the validated rows of its snapshot in force."""
    used = accepted.filter(pl.col("catalog_code").is_not_null() & (pl.col("task_state").fill_null(IN_USE) == IN_USE))
    visits, promises = _visits(used), _promises(used)
    return {code: Offer(stated, promises.get(code, ())) for code, stated in visits}


def _visits(used: pl.DataFrame) -> Iterator[tuple[str, tuple[int, int] | None]]:
    number = pl.col("limit_scene_num")
    seen = used.group_by("catalog_code").agg(number.min().alias("least"), number.max().alias("most"))
    for code, least, most in seen.iter_rows():
        yield code, None if least is None else (least, most)


def _promises(used: pl.DataFrame) -> Mapping[str, tuple[Promise, ...]]:
    days = pl.col("promise_day")
    stated = used.filter(days.is_not_null()).group_by("catalog_code", "promise_type")
    found: dict[str, tuple[Promise, ...]] = {}
    for code, unit, least, most in (
        stated.agg(days.min().alias("least"), days.max().alias("most")).sort("catalog_code", "promise_type").iter_rows()
    ):
        found[code] = (*found.get(code, ()), Promise(least, most, VALUES["promise_type"].get(unit, "")))
    return found
