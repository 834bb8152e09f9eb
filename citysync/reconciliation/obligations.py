"""Who must have what: pairs of a region and a catalogue item (see docs/glossary.md)."""

from __future__ import annotations

from datetime import date

import polars as pl

from citysync.domain import codes
from citysync.domain.catalogue import ITEM
from citysync.domain.city import City, Exemption
from citysync.domain.divisions import regions_of
from citysync.domain.successions import former_codes, heirs_of

DIVISION_LENGTH = 6  # longer codes only add towns and villages
_MAIN_PART = 9  # 省 2 + 类型 2 + 部门 2 + 主项 3: what a main item shares with its sub-items
_DUTY = {"areacode": pl.String(), "catalog_code": pl.String()}
_REGION: dict[str, pl.DataType] = {
    **dict.fromkeys(("areacode", "level", "city", "province", "source"), pl.String()),
    "former": pl.List(pl.String()),
}


def parents_of(master: pl.DataFrame) -> pl.DataFrame:
    """Return the main items: catalog_code, sub_codes (sorted, joined by ","; null if none is listed).

    A main item is named by another item as its ``parent_code``, or is listed with a code ending in ``00Y``.
    """
    code, parent = pl.col("catalog_code"), pl.col("parent_code")
    named = master.filter((parent != code) & (parent != "")).select(catalog_code=parent, sub=code)
    main = master.filter(code.str.ends_with(codes.MAIN_ITEM_SUFFIX)).select("catalog_code")
    by_code = (
        master.filter(~code.str.ends_with(codes.MAIN_ITEM_SUFFIX))
        .select(catalog_code=code.str.slice(0, _MAIN_PART) + codes.MAIN_ITEM_SUFFIX, sub=code)
        .join(main, on="catalog_code", how="semi")
    )
    childless = main.with_columns(sub=pl.lit(None, dtype=pl.String))
    subs = (
        pl.concat([named, by_code, childless]).group_by("catalog_code").agg(pl.col("sub").drop_nulls().unique().sort())
    )
    joined = pl.col("sub").list.join(",")
    return subs.select("catalog_code", sub_codes=pl.when(joined != "").then(joined)).sort("catalog_code")


def duties(master: pl.DataFrame, parents: pl.DataFrame, city: City, on: date) -> pl.DataFrame:
    """Return every obligation of a city on a day: areacode, catalog_code; exempted ones are lifted."""
    return without_exempt(every_duty(master, parents, city, on), city, on)


def every_duty(master: pl.DataFrame, parents: pl.DataFrame, city: City, on: date) -> pl.DataFrame:
    """Return the obligations of a city on a day before any exemption: areacode, catalog_code."""
    return due_in(levelled(master, parents, on), city, on).select(*_DUTY)


def levelled(master: pl.DataFrame, parents: pl.DataFrame, on: date) -> pl.DataFrame:
    """Return whom the items in force on a day oblige: catalog_code, applies_to, item, level, a row for each level.

    An empty ``use_level`` obliges nobody; main items oblige through their sub-items.
    """
    in_force = (
        master.with_row_index(ITEM)
        .filter(pl.col("plan_effective_date").is_null() | (pl.col("plan_effective_date") <= on))
        .filter(pl.col("plan_cancel_date").is_null() | (pl.col("plan_cancel_date") > on))
        .join(parents, on="catalog_code", how="anti")
    )
    return in_force.select("catalog_code", "applies_to", ITEM, level=pl.col("use_level").list.unique()).explode(
        "level", empty_as_null=False, keep_nulls=False
    )


def due_in(by_level: pl.DataFrame, city: City, on: date) -> pl.DataFrame:
    """Return the obligations of a city before any exemption, of what is ``levelled``: areacode, catalog_code, item."""
    regions, everywhere = _regions(city, on), _everywhere()
    anywhere = by_level.filter(everywhere).drop("applies_to").join(regions, on="level").select(*_DUTY, ITEM)
    named = by_level.filter(~everywhere).join(regions, on="level").filter(_named()).select(*_DUTY, ITEM)
    return pl.concat([anywhere, named])


def _regions(city: City, on: date) -> pl.DataFrame:
    """Return each region a source answers for with its level, its city, its province, its former codes."""
    rows = [
        {
            "areacode": code,
            "level": level,
            "city": f"{code[:4]}00",
            "province": f"{code[:2]}0000",
            "source": city.code,
            "former": list(former_codes(code, on)),
        }
        for code, level in regions_of(city, on)
    ]
    return pl.DataFrame(rows, schema=_REGION)


def _everywhere() -> pl.Expr:
    """Return whether an item names no region, which is most: it is meant for all of them."""
    named = pl.col("applies_to")
    return named.is_null() | (named.list.len() == 0)


def _named() -> pl.Expr:
    """Return whether an item names a region: one named, now or once so, covers what lies in it."""
    named = pl.col("applies_to")  # ``source``: the city whose own file lists the county
    within = (named.list.contains(pl.col(column)) for column in ("areacode", "city", "province", "source"))
    formerly = named.list.set_intersection("former").list.len() > 0
    return pl.any_horizontal(*within, formerly)


def without_exempt(due: pl.DataFrame, city: City, on: date) -> pl.DataFrame:
    """Return the obligations that no exemption of the city lifts on a day; its last day is included."""
    exempt = (each for each in city.exempt if each.until >= on)
    rows = [{"areacode": area, "catalog_code": each.catalog_code} for each in exempt for area in exempt_in(each, on)]
    if not rows:
        return due
    lifted = pl.DataFrame(rows, schema=_DUTY)
    everywhere = lifted.filter(pl.col("areacode").is_null()).select("catalog_code")
    return due.join(everywhere, on="catalog_code", how="anti").join(lifted, on=list(_DUTY), how="anti")


def exempt_in(exemption: Exemption, on: date) -> tuple[str | None, ...]:
    """Return the regions of an exemption: as it names them and as they are called on a day; None means everywhere."""
    named = exemption.areacode
    return (None,) if named is None else tuple(sorted({named, *heirs_of(named, on)}))
