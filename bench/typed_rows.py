"""Accepted rows, some of them spoilt, and the checks of the directory's model as data for any library."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from itertools import combinations
from pathlib import Path
from random import Random

import polars as pl

from bench.directory import province
from citysync.domain import codes, items
from citysync.domain.items import Kind
from citysync.domain.vocabulary import VALUES
from schemas.directory import DIRECTORY, REQUIRED

_SPOILT = 0.01  # of the rows, each in one cell
_NEEDED = (*REQUIRED, "use_level", "dept_code")
# Column → a value its checks must catch.
_BAD: dict[str, str | int] = {
    "task_code": "11440300007542098e3440106043001",
    "task_type": "77",
    "areacode": "44",
    "promise_day": -1,
    "limit_scene_num": -2,
    "handle_type": "2,1",
    "is_online": "是",
}


@dataclass(frozen=True, slots=True)
class Check:
    """What one column must be. ``listed``: every text that may stand there; ``unique``: no value twice."""

    name: str
    dtype: str
    nullable: bool
    pattern: str | None = None
    least: int | None = None
    listed: tuple[str, ...] = ()
    unique: bool = False


def checks() -> list[Check]:
    """Return the checks of ``schemas.directory.NationalDirectory``, written down a second time."""
    numbers = [
        Check("row_no", "Int64", nullable=False, least=1, unique=True),
        Check("page_no", "Int64", nullable=False),
    ]
    return [*numbers, *(_check(column) for column in items.DIRECTORY)]


def _check(column: items.Column) -> Check:
    name, dtype = column.name, str(DIRECTORY[column.name])
    patterns = {Kind.CODE: {"areacode": codes.DIVISION, "task_code": codes.TASK_CODE}.get(name, r"^[^\s]+$")}
    least = 0 if column.kind in {Kind.INTEGER, Kind.DAYS} else None
    choices = _choices(column) if column.kind in {Kind.CHOICE, Kind.CHOICES} else ()
    return Check(name, dtype, name not in _NEEDED, patterns.get(column.kind), least, choices)


def _choices(column: items.Column) -> tuple[str, ...]:
    values = sorted(VALUES.get(column.name, ()))
    most = len(values) if column.kind is Kind.CHOICES else 1
    return tuple(",".join(some) for many in range(1, most + 1) for some in combinations(values, many))


def write(folder: Path, rows: int, seed: int = 1) -> dict[str, object]:
    """Write ``accepted.parquet``, ``spoilt.parquet`` and ``checks.json``; return how many rows fail by column."""
    sent = province(rows)
    frame = sent.select(
        (pl.col(name) if name in sent.columns else pl.lit(None, pl.String)).cast(dtype).alias(name)
        if name not in {"row_no", "page_no"}
        else pl.int_range(1, pl.len() + 1, dtype=pl.Int64).alias(name)
        for name, dtype in DIRECTORY.items()
    )
    many = max(len(_BAD), int(frame.height * _SPOILT))
    picked = Random(seed).sample(range(frame.height), many)
    places = {name: picked[start :: len(_BAD)] for start, name in enumerate(_BAD)}
    at = pl.int_range(pl.len())
    spoilt = frame.with_columns(
        pl.when(at.is_in(places[name])).then(pl.lit(bad)).otherwise(name).cast(DIRECTORY[name]).alias(name)
        for name, bad in _BAD.items()
    )
    frame.write_parquet(folder / "accepted.parquet")
    spoilt.write_parquet(folder / "spoilt.parquet")
    (folder / "checks.json").write_text(json.dumps([asdict(each) for each in checks()]), encoding="utf-8")
    return {name: len(rows_of) for name, rows_of in sorted(places.items())}
