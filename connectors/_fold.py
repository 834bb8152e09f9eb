"""Append-only operations folded into the items in force. Pure."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from citysync.domain.errors import Unreadable
from connectors._mapping import keys_of
from connectors._moments import instant

_DELETE = "d"
_OPERATIONS = ("i", "u", _DELETE)


def folded(rows: pl.DataFrame, meanings: Mapping[str, str], table: str) -> pl.DataFrame:
    """Return one row per key: that of the last operation by ``cd_time``, unless it is a deletion.

    Ties go to the later batch, then to the later row. A table without ``cd_operation`` is returned as it is; a row
    without a code has no key and stands for itself. ``meanings``: the city's words for i, u and d.
    """
    if "cd_operation" not in rows.columns or rows.is_empty():
        return rows
    operations = _operations(rows, meanings, table)
    batch = pl.col("cd_batch") if "cd_batch" in rows.columns else pl.lit(None, dtype=pl.String)
    marked = rows.select(
        place=pl.int_range(pl.len()),
        key=_keys(rows),
        operation=operations,
        at=_moments(rows, table),
        batch_number=batch.cast(pl.Int64, strict=False),
        batch=batch,
    )
    last = marked.sort("at", "batch_number", "batch", "place", nulls_last=False).unique(
        "key", keep="last", maintain_order=True
    )
    return rows[last.filter(pl.col("operation") != _DELETE)["place"].sort()]


def _operations(rows: pl.DataFrame, meanings: Mapping[str, str], table: str) -> pl.Series:
    sent = rows["cd_operation"]
    meant = {word: _meant(word, meanings) for word in sent.unique().to_list()}
    strange = [word for word, operation in meant.items() if operation not in _OPERATIONS]
    if strange:
        row = rows.filter(sent.is_in(strange, nulls_equal=True)).row(0, named=True)
        raise Unreadable(
            f"表 {table} 的同步类型 cd_operation 有未列出的值 {row['cd_operation'] or '空'}"
            f"（实施编码 {row.get('task_code') or '空'}）；只认 i、u、d，其他写法请在 [values.cd_operation] 列出",
            place=table,
        )
    return sent.replace_strict(meant, return_dtype=pl.String)


def _meant(word: str | None, meanings: Mapping[str, str]) -> str:
    cleaned = (word or "").strip()
    return meanings.get(cleaned, cleaned).lower()


def _keys(rows: pl.DataFrame) -> pl.Series:
    keys = keys_of(rows)
    texts = [f"#{place}" if key is None else f"{key[0]}|{key[1] or ''}" for place, key in enumerate(keys)]
    return pl.Series("key", texts, dtype=pl.String)


def _moments(rows: pl.DataFrame, table: str) -> pl.Series:
    """Return when each operation happened, in microseconds; an empty time counts as earliest.

    Raises ``Unreadable`` for a time nobody can read: taken for earliest, it would let an older operation win.
    """
    if "cd_time" not in rows.columns:
        return pl.Series("at", [None] * rows.height, dtype=pl.Int64)
    sent = rows["cd_time"].to_list()
    known = {word: instant(word) for word in set(sent)}
    strange = next((word for word in sent if word is not None and word.strip() and known[word] is None), None)
    if strange is not None:
        code = rows.filter(pl.col("cd_time") == strange)["task_code"][0] if "task_code" in rows.columns else None
        raise Unreadable(
            f"表 {table} 的同步时间 cd_time 无法识别：{strange[:40]!r}（实施编码 {code or '空'}）；"
            "应如 2026-11-23 08:30:00，请更正，否则不知哪条操作在后",
            place=table,
        )
    numbers = {word: None if moment is None else round(moment.timestamp() * 1e6) for word, moment in known.items()}
    return pl.Series("at", [numbers[word] for word in sent], dtype=pl.Int64)
