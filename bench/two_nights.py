"""Yesterday's and tonight's directory as Parquet, with changes put in: what the reconciling contenders are given."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import polars as pl

from bench.directory import province
from citysync.domain.snapshot import Certificate, Grade, Snapshot
from citysync.storage.kept import write_snapshot_and_hashes

FIELDS = ("task_name", "by_law", "transact_addr", "link_way", "accept_condition")
CHANGED, GONE, NEW = 0.005, 0.003, 0.003  # of the rows
MOST_FIELDS = 3


def write(folder: Path, rows: int, seed: int = 1) -> dict[str, object]:
    """Write ``yesterday.parquet`` and ``tonight.parquet`` (unique ``task_code``) and return the truth.

    ``yesterday`` and ``tonight`` hold the path of the same rows kept as a snapshot, with their hashes beside it.

    0.5 % of the rows change in one to three fields, 0.3 % vanish, 0.3 % appear.
    """
    before = province(rows)
    height, dice = before.height, Random(seed)
    changed, gone, new = (max(1, int(height * part)) for part in (CHANGED, GONE, NEW))
    picked = dice.sample(range(height), changed + gone + new)
    cells: dict[str, list[int]] = {name: [] for name in FIELDS}
    for place in picked[:changed]:
        for name in dice.sample(FIELDS, dice.randint(1, MOST_FIELDS)):
            cells[name].append(place)
    at = pl.int_range(pl.len())
    altered = before.with_columns(
        pl.when(at.is_in(places)).then(pl.format("{}（已更新）", name)).otherwise(name).alias(name)
        for name, places in cells.items()
    )
    appeared = before.filter(at.is_in(picked[-new:])).with_columns(pl.col("task_code").str.replace("34401", "34497"))
    tonight = pl.concat([altered.filter(~at.is_in(picked[changed : changed + gone])), appeared])
    for name, night in (("yesterday", before), ("tonight", tonight.sample(fraction=1.0, shuffle=True, seed=seed))):
        night.write_parquet(folder / f"{name}.parquet", compression="zstd", compression_level=1)
        path = write_snapshot_and_hashes(folder, _snapshot(night))
        (folder / name).write_text(str(path), encoding="utf-8")
    counts = Counter({name: len(places) for name, places in cells.items()})
    truth = {"vanished": gone, "appeared": new, "changed": dict(sorted(counts.items()))}
    (folder / "truth.json").write_text(json.dumps(truth), encoding="utf-8")
    return truth


def _snapshot(night: pl.DataFrame) -> Snapshot:
    numbers = pl.int_range(1, pl.len() + 1, dtype=pl.Int64)
    rows = night.select(numbers.alias("row_no"), pl.lit(1, dtype=pl.Int64).alias("page_no"), pl.all())
    proof = Certificate(Grade.A, rows.height, rows.height, rows.height, 1, "")
    return Snapshot("440000", datetime(2026, 11, 23, tzinfo=UTC), rows, (), proof)
