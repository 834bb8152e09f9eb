"""Counting a city's rows and obligations by region and department, for the figures. Pure.

Every count is a whole number of rows or obligations of this run; what cannot be compared is counted apart, never left
out in silence.
"""

from __future__ import annotations

import polars as pl

from citysync.domain import items
from citysync.domain.catalogue import DEFAULT_CAP
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
    parts = (_of_obligations(match), _of_rows(_facts(match, findings)))
    whole = pl.concat(_with_every_count(part) for part in parts)
    return whole.group_by(PLACE).agg(pl.col(list(COUNTS)).sum()).sort(PLACE)


def _with_every_count(part: pl.DataFrame) -> pl.DataFrame:
    lacking = (pl.lit(0).alias(name) for name in COUNTS if name not in part.columns)
    return part.with_columns(lacking).select(pl.col(name).cast(dtype) for name, dtype in TALLIES.items())


def _of_obligations(match: Match) -> pl.DataFrame:
    departments = match.master.items.select("catalog_code", department=pl.col("dept_name"))
    sides = ((match.duties, 1), (match.unclaimed, -1))  # an unmet duty is a duty less that is met
    counted = pl.concat(rows.with_columns(due=pl.lit(max(met, 0)), met=pl.lit(met)) for rows, met in sides)
    placed = counted.join(departments, on="catalog_code", how="left")
    return placed.group_by("areacode", _department("department")).agg(pl.col("due", "met").sum())


def _facts(match: Match, findings: pl.DataFrame) -> pl.DataFrame:
    """Return what is counted of each row judged, and whether it ``differs`` in an element."""
    differing = findings.filter(
        pl.col("check").is_in(ELEMENT_CHECKS) & (pl.col("severity") == Severity.ERROR.value)
    ).select(items.KEY)
    return match.judged.select(_COUNTED).join(
        differing.unique().with_columns(differs=pl.lit(value=True)), on=items.KEY, how="left", nulls_equal=True
    )


def _of_rows(rows: pl.DataFrame) -> pl.DataFrame:
    region = pl.col("areacode").str.slice(0, DIVISION_LENGTH)
    department = _department("master_dept_name", "dept_name")
    counts = {**_visits(), **_online(), **_depths(), **_days(), **_elements()}
    return rows.group_by(region, department).agg(rows=pl.len(), **counts)


def _department(*columns: str) -> pl.Expr:
    return pl.coalesce(*columns, pl.lit(NO_DEPARTMENT)).alias("department")


def _visits() -> dict[str, pl.Expr]:
    visits = pl.col("limit_scene_num")
    cap = pl.min_horizontal(pl.lit(DEFAULT_CAP, dtype=pl.Int64), "master_limit_scene_num")
    exactly = {f"visits_{times}": (visits == times).sum() for times in range(DEFAULT_CAP + 1)}
    return {
        **exactly,
        "visits_over_3": (visits > DEFAULT_CAP).sum(),
        "visits_unknown": visits.is_null().sum(),
        "within_cap": (visits <= cap).sum(),
    }


def _online() -> dict[str, pl.Expr]:
    online = pl.col("is_online")
    return {"online": (online == _ONLINE).sum(), "online_unknown": online.is_null().sum()}


def _depths() -> dict[str, pl.Expr]:
    """Return the counts of depth: within one scale only, and only where the master has a target."""
    own, target = "online_handle_depth", "master_online_handle_depth"
    same_scale = pl.col(f"{own}_scale") == pl.col(f"{target}_scale")
    reached = pl.col(f"{own}_step") >= pl.col(f"{target}_step")
    return {"depth_comparable": same_scale.sum(), "depth_met": (same_scale & reached).sum()}


def _days() -> dict[str, pl.Expr]:
    """Return the counts of time limits: 工作日 and 自然日 are never compared."""
    promised, legal = pl.col("promise_day"), pl.col("anticipate_day")
    both = promised.is_not_null() & legal.is_not_null()
    same_unit = (pl.col("promise_type") == pl.col("anticipate_type")).fill_null(value=False)
    comparable = both & same_unit
    return {
        "days_comparable": comparable.sum(),
        "days_not_comparable": (both & ~same_unit).sum(),
        "days_over_legal": (comparable & (promised > legal)).sum(),
        "days_promised": promised.filter(comparable).sum(),
        "days_legal": legal.filter(comparable).sum(),
    }


def _elements() -> dict[str, pl.Expr]:
    known = pl.col("master_catalog_code").is_not_null()
    return {"paired": known.sum(), "agreed": (known & pl.col("differs").is_null()).sum()}
