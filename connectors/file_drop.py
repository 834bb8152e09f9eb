"""Files dropped in a folder, here or behind SFTP: CSV, XLSX, JSON or JSON lines, with or without a manifest."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from citysync.domain.city import City
from citysync.domain.snapshot import Certificate, Grade, Snapshot
from connectors._certify import single
from connectors._door import Door
from connectors._files import Format
from connectors._look import DroppedFile, DropSource, Taken, taken_from
from connectors._mapping import distinct_keys, in_order, plan_for, stacked, to_frame, unknown_fields, with_headings
from connectors._moments import changed_at

# Reading the same file again proves nothing; JSON and XLSX at least show by their structure that they end.
_UNPROVED: dict[Format, Grade] = {"csv": Grade.C, "jsonl": Grade.C, "json": Grade.B, "xlsx": Grade.B}


class Source(DropSource):
    """Keys of a file drop."""


def pull(city: City, source: Source, door: Door) -> Snapshot:
    """Return the directory of a drop: grade A by a fitting manifest, X by one that does not fit, else B or C."""
    taken_at = door.now()
    taken = taken_from(city, source, door)
    files = taken.files
    plans = [with_headings(plan_for(city, door.columns), city, file.records) for file in files]
    frames = [to_frame(file.records, plan, file.raw.number) for file, plan in zip(files, plans, strict=True)]
    rows = in_order(_with_broken(stacked(frames), files), door.columns)
    unknown = [unknown_fields(file.records, plan) for file, plan in zip(files, plans, strict=True)]
    return Snapshot(
        city_code=city.code,
        taken_at=taken_at,
        rows=rows,
        pages=tuple(file.raw for file in files),
        certificate=_certificate(taken, rows),
        unknown_fields=tuple(sorted(set().union(*unknown))),
        source_changed_at=changed_at(rows, taken_at) or max((file.changed_at for file in files), default=None),
        notes=tuple(dict.fromkeys(taken.notes)),
    )


def _with_broken(rows: pl.DataFrame, files: Sequence[DroppedFile]) -> pl.DataFrame:
    """Return rows in which each line that is none says so where its code would stand: it is rejected by that."""
    told, start = dict[int, str](), 1
    for file in files:
        told |= {start + place: text for place, text in file.broken.items()}
        start += len(file.records)
    if not told:
        return rows
    known = rows if "task_code" in rows.columns else rows.with_columns(task_code=pl.lit(None, pl.String))
    numbers = pl.int_range(1, known.height + 1)
    said = numbers.replace_strict(told, default=None, return_dtype=pl.String)
    return known.with_columns(task_code=pl.coalesce(said, "task_code"))


def _certificate(taken: Taken, rows: pl.DataFrame) -> Certificate:
    keys, problems, entries = distinct_keys(rows), tuple(taken.problems), taken.entries
    if entries is not None:
        declared = sum(entry.rows for entry in entries)
        proof = "清单不符" if problems else f"清单所列 {len(entries)} 个文件的摘要与行数（{declared:,}）全部相符"
        grade = Grade.X if problems else Grade.A
        return single(grade, rows.height, keys, proof, declared=declared, pages=len(taken.files), problems=problems)
    pages = len(taken.files)
    if problems:
        return single(Grade.X, rows.height, keys, "分卷不齐", pages=pages, problems=problems)
    if taken.doubt is not None:
        return single(Grade.C, rows.height, keys, "同一天有多个文件，无法证明没有缺行", pages=pages)
    grade = max(_UNPROVED[file.format] for file in taken.files)
    proof = "文件结构完整，但没有清单" if grade is Grade.B else "没有清单，无法证明文件没有缺行"
    return single(grade, rows.height, keys, proof, pages=pages)
