"""Counting a city's rows and obligations by region and department, for the figures. Pure.

Every count is a whole number of rows or obligations of this run; what cannot be compared is counted apart, never left
out in silence.
"""

from __future__ import annotations

from functools import lru_cache

import polars as pl

from citysync.domain import items
from citysync.domain.catalogue import DEFAULT_CAP, ITEM, MasterCatalogue
from citysync.domain.findings import Severity
from citysync.domain.outcome import TALLIES
from citysync.domain.tallies import COUNTS, PLACE
from citysync.reconciliation.match import Match
from citysync.reconciliation.obligations import DIVISION_LENGTH

NO_DEPARTMENT = "（未填部门）"
# 名称、类型、依据、编码、层级、实施主体编码: the master's 主管部门 is never compared with the city's 实施主体.
ELEMENT_CHECKS = ("elements_drift", "codes_disagree", "level_mismatch")
_ONLINE = "1"
_DEPTHS = tuple(f"{side}online_handle_depth_{part}" for side in ("", "master_") for part in ("scale", "step"))
_COUNTED = (
    *items.KEY,
    *("areacode", "dept_name", "limit_scene_num", "is_online"),
    *("promise_day", "promise_type", "anticipate_day", "anticipate_type"),
    *("master_catalog_code", "master_dept_name", "master_limit_scene_num"),
    *_DEPTHS,
)


def tally(match: Match, findings: pl.DataFrame) -> pl.DataFrame:
    """Return the frame ``TALLIES``, one row per region and department, in that order.

    ``findings``: those of the same match. Obligations count under the master's 主管部门.
    """
    parts = [_of_obligations(match), _of_rows(_facts(match, findings))]
    if match.settled is not None:
        parts.append(match.settled.tallies)
    whole = pl.concat(_with_every_count(part) for part in parts)
    return whole.group_by(PLACE).agg(pl.col(list(COUNTS)).sum()).sort(PLACE)


def _with_every_count(part: pl.DataFrame) -> pl.DataFrame:
    lacking = (pl.lit(0).alias(name) for name in COUNTS if name not in part.columns)
    return part.with_columns(lacking).select(pl.col(name).cast(dtype) for name, dtype in TALLIES.items())


def _of_obligations(match: Match) -> pl.DataFrame:
    """Return what is due, and met: a duty that nobody meets is one less that is met."""
    names, number = _departments(match.master)
    area = pl.col("areacode")
    due = match.duties.select(area.cast(pl.Categorical()), department=number[match.duties.get_column(ITEM)])
    due = due.group_by("areacode", "department").agg(due=pl.len(), met=pl.len())
    due = due.with_columns(area.cast(pl.String), names[due.get_column("department")].alias("department"))
    unmet = match.unclaimed.join(_department_of(match), on="catalog_code", how="left")
    unmet = unmet.group_by("areacode", "department").agg(met=-pl.len().cast(pl.Int64)).with_columns(due=pl.lit(0))
    counts = [part.select("areacode", "department", pl.col("due", "met").cast(pl.Int64)) for part in (due, unmet)]
    return pl.concat(counts).group_by("areacode", _department("department")).agg(pl.col("due", "met").sum())


def _department_of(match: Match) -> pl.DataFrame:
    """Return catalog_code, department of the items that somebody does not have."""
    return match.master.of(match.unclaimed.get_column("catalog_code")).select("catalog_code", department="dept_name")


@lru_cache(maxsize=1)
def _departments(master: MasterCatalogue) -> tuple[pl.Series, pl.Series]:
    """Return the departments of the master, and of each item the number of its own: numbers are counted sooner."""
    names = master.items.get_column("dept_name")
    every = names.unique(maintain_order=True)
    numbered = pl.DataFrame({"dept_name": every, "number": pl.int_range(every.len(), dtype=pl.UInt32, eager=True)})
    found = names.to_frame().join(numbered, on="dept_name", how="left", nulls_equal=True, maintain_order="left")
    return every, found.get_column("number")


def _facts(match: Match, findings: pl.DataFrame) -> pl.DataFrame:
    """Return what is counted of each row judged, and whether it ``differs`` in an element."""
    differing = findings.filter(
        pl.col("check").is_in(ELEMENT_CHECKS) & (pl.col("severity") == Severity.ERROR.value)
    ).select(items.KEY)
    return match.judged.select(_COUNTED).join(
        differing.unique().with_columns(differs=pl.lit(value=True)), on=items.KEY, how="left", nulls_equal=True
    )


def counted_by_row(rows: pl.DataFrame) -> pl.DataFrame:
    """Return ``row_no``, ``PLACE`` and every count of judged rows, none of which differs in an element."""
    alike = rows.with_columns(differs=pl.lit(None, pl.Boolean))
    each = {name: value.cast(pl.Int64).fill_null(0) for name, value in _counts().items()}
    counted = alike.select("row_no", *_place(), rows=pl.lit(1, pl.Int64), **each)
    return counted.with_columns(pl.lit(0, pl.Int64).alias(name) for name in COUNTS if name not in counted.columns)


def _of_rows(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.group_by(_place()).agg(rows=pl.len(), **{name: each.sum() for name, each in _counts().items()})


def _place() -> tuple[pl.Expr, pl.Expr]:
    region = pl.col("areacode").str.slice(0, DIVISION_LENGTH)
    return region, _department("master_dept_name", "dept_name")


def _counts() -> dict[str, pl.Expr]:
    """Return what each row adds to each count but the first, ``rows``: nothing where it is null or false."""
    return {**_visits(), **_online(), **_depths(), **_days(), **_elements()}


def _department(*columns: str) -> pl.Expr:
    return pl.coalesce(*columns, pl.lit(NO_DEPARTMENT)).alias("department")


def _visits() -> dict[str, pl.Expr]:
    visits = pl.col("limit_scene_num")
    cap = pl.min_horizontal(pl.lit(DEFAULT_CAP, dtype=pl.Int64), "master_limit_scene_num")
    exactly = {f"visits_{times}": visits == times for times in range(DEFAULT_CAP + 1)}
    return {
        **exactly,
        "visits_over_3": visits > DEFAULT_CAP,
        "visits_unknown": visits.is_null(),
        "within_cap": visits <= cap,
    }


def _online() -> dict[str, pl.Expr]:
    online = pl.col("is_online")
    return {"online": online == _ONLINE, "online_unknown": online.is_null()}


def _depths() -> dict[str, pl.Expr]:
    """Return the counts of depth: within one scale only, and only where the master has a target."""
    own, target = "online_handle_depth", "master_online_handle_depth"
    same_scale = pl.col(f"{own}_scale") == pl.col(f"{target}_scale")
    reached = pl.col(f"{own}_step") >= pl.col(f"{target}_step")
    return {"depth_comparable": same_scale, "depth_met": same_scale & reached}


def _days() -> dict[str, pl.Expr]:
    """Return the counts of time limits: 工作日 and 自然日 are never compared."""
    promised, legal = pl.col("promise_day"), pl.col("anticipate_day")
    both = promised.is_not_null() & legal.is_not_null()
    same_unit = (pl.col("promise_type") == pl.col("anticipate_type")).fill_null(value=False)
    comparable = both & same_unit
    return {
        "days_comparable": comparable,
        "days_not_comparable": both & ~same_unit,
        "days_over_legal": comparable & (promised > legal),
        "days_promised": pl.when(comparable).then(promised),
        "days_legal": pl.when(comparable).then(legal),
    }


def _elements() -> dict[str, pl.Expr]:
    known = pl.col("master_catalog_code").is_not_null()
    return {"paired": known, "agreed": known & pl.col("differs").is_null()}
