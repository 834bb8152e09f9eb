"""Did the items vanish, or did they get new codes? A hint by their names, never a verdict."""

from __future__ import annotations

import polars as pl
from rapidfuzz import fuzz, process

_SAME = 90  # rapidfuzz ratio, 0 to 100: 卫生许可 and 卫生许可（新） are one name
_SAMPLE = 300  # names compared letter by letter; equal names are counted all
_LIKELY = 0.5


def recoded(vanished: pl.DataFrame, appeared: pl.DataFrame) -> float | None:
    """Return which share of vanished names is among the appeared ones, None where that is no sign of a re-coding.

    Both frames have ``name``. Every county has an item of the same name, so names count as often as they occur.
    """
    if vanished.is_empty() or appeared.height < vanished.height * _LIKELY:
        return None
    gone, come = _times(vanished), _times(appeared)
    beside = gone.join(come, on="name", how="left").with_columns(pl.col("times_right").fill_null(0))
    equal = int(beside.select(pl.min_horizontal("times", "times_right").sum()).item())
    rest = beside.filter(pl.col("times") > pl.col("times_right"))
    similar = _similar(rest, come.join(gone, on="name", how="anti"))
    share = (equal + similar) / vanished.height
    return share if share >= _LIKELY else None


def _times(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.drop_nulls("name").group_by("name").len("times").sort("name")


def _similar(gone: pl.DataFrame, come: pl.DataFrame) -> int:
    """Return how many vanished items have a new one of nearly the same name, estimated from a sample."""
    if gone.is_empty() or come.is_empty():
        return 0
    sample, others = gone.head(_SAMPLE), come.head(_SAMPLE * 10).get_column("name").to_list()
    left = sample.select(pl.col("times") - pl.col("times_right")).to_series().to_list()
    names = sample.get_column("name").to_list()
    near = sum(count for count, name in zip(left, names, strict=True) if _is_near(name, others))
    whole = int(gone.select((pl.col("times") - pl.col("times_right")).sum()).item())
    return int(near * whole / max(sum(left), 1))


def _is_near(name: str, others: list[str]) -> bool:
    return process.extractOne(name, others, scorer=fuzz.ratio, score_cutoff=_SAME) is not None
