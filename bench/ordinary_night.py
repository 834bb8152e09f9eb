"""A city's directory on two nights running: the same errors on both, and what changes on an ordinary day between."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from random import Random

import polars as pl

from bench.two_nights import CHANGED, FIELDS, GONE, MOST_FIELDS, NEW
from citysync.simulator.names import body_code

_WRONG = 0.002  # of the rows, for each kind of error
_KINDS = ("missing", "rejected", "drifted", "overclaimed", "duplicated", "uscc_invalid", "codes_disagree")
_RULES = ("depth_and_visits", "promise_over_legal")
_MOVED = {"changed": CHANGED, "vanished": GONE, "appeared": NEW}
_UPDATED = "（已更新）"


@dataclass(frozen=True)
class Nights:
    """Two nights of one city, and what each contender must say of the second.

    ``truth``: rows received and rejected; obligations missing, rows overclaimed and drifted; rows by the rule they
    break; rows vanished, appeared and changed in any column since the first night.
    """

    yesterday: pl.DataFrame
    tonight: pl.DataFrame
    truth: Counter[str]


def nights(code: str, right: pl.DataFrame, seed: int, *, twins_last: bool = False) -> Nights:
    """Return two nights of a city whose rows are ``right``, never two errors or changes in one row.

    Rows under one key stand beside each other, as on the one real page that is known, or with ``twins_last`` on
    different pages: a careful puller then asks for everything a second time, to tell a source that moves from this.
    """
    dice = Random(seed)
    many = {name: max(1, int(right.height * _WRONG)) for name in (*_KINDS, *_RULES)}
    many |= {name: max(1, int(right.height * part)) for name, part in _MOVED.items()}
    left = dice.sample(range(right.height), sum(many.values()))
    picked = {name: [left.pop() for _ in range(count)] for name, count in many.items()}
    both = _with_errors(code, right.with_row_index("at"), picked)
    both = both if twins_last else both.sort("at", maintain_order=True)
    yesterday = both.filter(~pl.col("at").is_in(picked["appeared"]))
    tonight, texts = _changed(both.filter(~pl.col("at").is_in(picked["vanished"])), picked["changed"], dice)
    truth = Counter(many)
    truth["received"] = tonight.height
    truth["missing"] += many["rejected"] + many["vanished"]  # what is rejected meets nothing
    truth["drifted"] += texts
    return Nights(yesterday.drop("at"), tonight.drop("at"), truth)


def changed(rows: pl.DataFrame, seed: int) -> pl.DataFrame:
    """Return the rows of a city with as many of them changed as on an ordinary day, and nothing else."""
    dice = Random(seed)
    places = dice.sample(range(rows.height), max(1, int(rows.height * CHANGED)))
    return _changed(rows.with_row_index("at"), places, dice)[0].drop("at")


def _with_errors(code: str, rows: pl.DataFrame, picked: dict[str, list[int]]) -> pl.DataFrame:
    """Return a city's rows with every kind of error put in; what was added stands at the end."""
    wrong = {
        "rejected": {"task_type": pl.lit("77")},
        "drifted": {"task_name": pl.lit("自行改名的事项")},
        "uscc_invalid": _of_no_body(code),
        "codes_disagree": {"dept_code": pl.lit(body_code(code, 2))},
        "depth_and_visits": {"limit_scene_num": pl.lit("3")},
        "promise_over_legal": {"promise_day": pl.lit("30")},
    }
    for kind, cells in wrong.items():
        here = pl.col("at").is_in(picked[kind])
        rows = rows.with_columns(pl.when(here).then(value).otherwise(name).alias(name) for name, value in cells.items())
    foreign = rows.filter(pl.col("at").is_in(picked["overclaimed"])).with_columns(
        pl.col("catalog_code").str.replace("^4401", "4498"), pl.col("task_code").str.replace("34401", "34498")
    )
    again = rows.filter(pl.col("at").is_in(picked["duplicated"])).with_columns(accept_condition=pl.lit("另有规定。"))
    return pl.concat([rows.filter(~pl.col("at").is_in(picked["missing"])), again, foreign])


def _of_no_body(code: str) -> dict[str, pl.Expr]:
    right = body_code(code, 1)
    wrong = right[:-1] + ("0" if right[-1] != "0" else "1")
    return {"task_code": pl.col("task_code").str.replace(right, wrong, literal=True), "dept_code": pl.lit(wrong)}


def _changed(rows: pl.DataFrame, places: list[int], dice: Random) -> tuple[pl.DataFrame, int]:
    """Return rows of which some say more in one to three fields, and how many now say other than the master."""
    fields = {place: dice.sample(FIELDS, dice.randint(1, MOST_FIELDS)) for place in places}
    for name in FIELDS:
        here = pl.col("at").is_in([place for place, names in fields.items() if name in names])
        rows = rows.with_columns(pl.when(here).then(pl.format(f"{{}}{_UPDATED}", name)).otherwise(name).alias(name))
    return rows, sum(1 for names in fields.values() if {"task_name", "by_law"} & set(names))
