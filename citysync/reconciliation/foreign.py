"""Is what came another city's directory? Judged by the divisions the rows name, or by the city's own past."""

from __future__ import annotations

from datetime import date

import polars as pl

from citysync.domain import codes
from citysync.domain.city import City
from citysync.domain.divisions import division_name
from citysync.domain.kept_rows import KeptRows
from citysync.domain.sayings import OTHER, THEIRS
from citysync.domain.successions import single_heirs
from citysync.domain.verdict import Axis, Fault, Reason, Standing

_MOST = 0.5  # of the rows that name a division
_ONE_OTHER = 0.8  # of those name one and the same other city
_PREFIX = {2: 2, 3: 4, 4: 6}  # how much of a division code a level shares with what lies in it


def foreign(rows: pl.DataFrame, before: KeptRows | None, city: City, on: date) -> Reason | None:
    """Return why the rows are another city's; None where that is not sure.

    The division inside a body's code is where the body was registered, not where the item is handled. It counts only
    against the city's own past: nearly all rows had the city's own, and nearly all have one other's now.
    """
    if "areacode" in rows.columns and rows.get_column("areacode").is_not_null().any():
        counted = rows.group_by("areacode").agg(rows=pl.len())  # few different ones: each is read once
        return _reason(rows, city, _other(_called(codes.folded(pl.col("areacode")), on), counted, city, _MOST))
    if city.codes.scheme == "local" or before is None or "task_code" not in rows.columns:
        return None
    inside = _called(codes.division_part(codes.folded(pl.col("task_code"))), on)
    if "task_code" not in before.columns or _share_of_own(inside, before.of(["task_code"]), city) < _ONE_OTHER:
        return None
    return _reason(rows, city, _other(inside, rows.with_columns(rows=pl.lit(1)), city, _ONE_OTHER))


def _called(division: pl.Expr, on: date) -> pl.Expr:
    """Return divisions as they are called on a day."""
    return division.str.head(6).replace(single_heirs(on))


def _other(division: pl.Expr, counted: pl.DataFrame, city: City, most: float) -> tuple[str, int] | None:
    """Return (division code, rows) of the one other city most rows name; ``rows`` of ``counted``: how many each is."""
    width = _PREFIX[city.level]
    named = counted.select("rows", place=division.str.head(width)).drop_nulls()
    by_place = named.group_by("place").agg(pl.col("rows").cast(pl.Int64).sum())
    strange = by_place.filter(pl.col("place") != city.code[:width])
    all_named, all_strange = (int(each.get_column("rows").sum()) for each in (by_place, strange))
    if all_strange <= all_named * most:
        return None
    place, times = strange.sort(["rows", "place"], descending=[True, False]).select("place", "rows").row(0)
    if times < all_strange * _ONE_OTHER or place == f"{city.code[:2]}00"[:width]:
        return None  # bodies of the province are registered under the province
    return place.ljust(6, "0"), times


def _share_of_own(division: pl.Expr, rows: pl.DataFrame, city: City) -> float:
    own = rows.select((division.str.head(_PREFIX[city.level]) == city.code[: _PREFIX[city.level]]).mean()).item()
    return float(own or 0)


def _reason(rows: pl.DataFrame, city: City, other: tuple[str, int] | None) -> Reason | None:
    if other is None:
        return None
    code, times = other
    name = division_name(code)
    text = (
        f"{OTHER.said(other=code)}{'' if name == code else f'（{name}）'}，不是 {city.code}（{city.name}）："
        f"{THEIRS.said(received=f'{rows.height:,}', theirs=f'{times:,}')}，未采用；请市级核对接口地址与区划参数"
    )
    return Reason("other_city", Axis.VALID, Standing.FAILING, Fault.CITY, text)
