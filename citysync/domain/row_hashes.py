"""What tells one row from another in 64 bits, the same on every machine and under every version of the frame library.

Polars' own ``hash`` differs between its versions, so nothing kept rests on it: each cell is hashed with XXH3-64 of its
UTF-8 text, multiplied by an odd number of its column, and added up modulo 2^64. A golden file holds the values.
These find what changed; what is told is always read from the rows themselves.
"""

from __future__ import annotations

import hashlib
import sys
from array import array
from collections.abc import Iterable
from functools import cache, lru_cache

import polars as pl
import polars_hash as plh

from citysync.domain import codes, items

KEY, ITEM, ROW = "key_hash", "item_hash", "row_hash"
HASHES: dict[str, pl.DataType] = {KEY: pl.UInt64(), ITEM: pl.UInt64(), ROW: pl.UInt64()}
# What a change of is not a change of the item, only of how and when it travelled.
BOOKKEEPING = frozenset(
    {"row_guid", "task_version", "cd_batch", "cd_operation", "cd_time", "data_source", "result_guid"}
)
_PLACES = frozenset({"row_no", "page_no"})
_FOLDABLE = "[^0-9A-Za-z]"


def row_hashes(rows: pl.DataFrame) -> pl.DataFrame:
    """Return the frame HASHES of a snapshot's rows, in their order.

    ``key_hash``: of the longest code of a row, folded, null without one; ``item_hash``: of the columns in which a
    change is a change of the item; ``row_hash``: of all but ``row_no`` and ``page_no``. A null counts as nothing, so a
    column without any value changes no hash.
    """
    sent = [name for name in rows.columns if name not in _PLACES]
    item = _added(tuple(name for name in sent if name not in BOOKKEEPING))
    rest = _added(tuple(name for name in sent if name in BOOKKEEPING))
    key = folded_keys(rows).alias(KEY).to_frame().select(plh.col(KEY).nchash.xxh3_64())
    hashed = rows.select(item.alias(ITEM), rest.alias("rest"))
    return hashed.select(key.to_series(), pl.col(ITEM), (pl.col(ITEM) + pl.col("rest")).alias(ROW))


def folded_keys(rows: pl.DataFrame) -> pl.Series:
    """Return each row's longest code, 业务办理项编码 before 实施编码, folded; null without any."""
    nothing = pl.repeat(None, pl.len(), dtype=pl.String)
    both = rows.select((pl.col(name) if name in rows.columns else nothing).alias(name) for name in items.KEY)
    odd = both.select(pl.col(items.KEY).str.contains(_FOLDABLE).any()).row(0)
    read = (
        codes.folded(pl.col(name)) if strange else pl.col(name) for name, strange in zip(items.KEY, odd, strict=True)
    )
    task_code, handle_item = read
    return both.select(key=pl.coalesce(handle_item, task_code)).to_series()


def content_of(columns: Iterable[str], hashes: pl.Series) -> str:
    """Return what tells one directory from another: SHA-256 of its columns and its rows' hashes, in any order."""
    named = "\n".join(sorted(name for name in columns if name not in _PLACES))
    told = hashlib.sha256(f"{named}\n{len(hashes)}\n".encode())
    told.update(_little(array("Q", hashes.sort().to_list())))
    return told.hexdigest()


def _little(numbers: array[int]) -> bytes:
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers.tobytes()


@lru_cache(maxsize=64)
def _added(names: tuple[str, ...]) -> pl.Expr:
    """Return the sum of some columns' hashes; to put it together takes as long as to hash thousands of rows."""
    parts = [plh.col(name).nchash.xxh3_64().fill_null(0) * _odd(name) for name in names]
    return pl.sum_horizontal(pl.repeat(0, pl.len(), dtype=pl.UInt64), *parts)


@cache
def _odd(column: str) -> pl.Expr:
    number = int.from_bytes(hashlib.sha256(column.encode()).digest()[:8], "little") | 1
    return pl.lit(number, dtype=pl.UInt64)
