"""Yesterday's and tonight's directory as Parquet, with changes put in: what the reconciling contenders are given."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from random import Random

import polars as pl

from bench.directory import province

FIELDS = ("task_name", "by_law", "transact_addr", "link_way", "accept_condition")
_CHANGED, _GONE, _NEW = 0.005, 0.003, 0.003  # of the rows
_MOST_FIELDS = 3


def write(folder: Path, rows: int, seed: int = 1) -> dict[str, object]:
    """Write ``yesterday.parquet`` and ``tonight.parquet`` (unique ``task_code``) and return the truth.

    0.5 % of the rows change in one to three fields, 0.3 % vanish, 0.3 % appear.
    """
    before = province(rows)
    height, dice = before.height, Random(seed)
    changed, gone, new = (max(1, int(height * part)) for part in (_CHANGED, _GONE, _NEW))
    picked = dice.sample(range(height), changed + gone + new)
    cells: dict[str, list[int]] = {name: [] for name in FIELDS}
    for place in picked[:changed]:
        for name in dice.sample(FIELDS, dice.randint(1, _MOST_FIELDS)):
            cells[name].append(place)
    at = pl.int_range(pl.len())
    altered = before.with_columns(
        pl.when(at.is_in(places)).then(pl.format("{}（已更新）", name)).otherwise(name).alias(name)
        for name, places in cells.items()
    )
    appeared = before.filter(at.is_in(picked[-new:])).with_columns(pl.col("task_code").str.replace("34401", "34497"))
    tonight = pl.concat([altered.filter(~at.is_in(picked[changed : changed + gone])), appeared])
    before.write_parquet(folder / "yesterday.parquet", compression="zstd", compression_level=1)
    shuffled = tonight.sample(fraction=1.0, shuffle=True, seed=seed)
    shuffled.write_parquet(folder / "tonight.parquet", compression="zstd", compression_level=1)
    counts = Counter({name: len(places) for name, places in cells.items()})
    truth = {"vanished": gone, "appeared": new, "changed": dict(sorted(counts.items()))}
    (folder / "truth.json").write_text(json.dumps(truth), encoding="utf-8")
    return truth
