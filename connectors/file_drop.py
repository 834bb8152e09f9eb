"""Files dropped in a folder: CSV, XLSX, JSON or JSON lines, with or without a manifest."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import polars as pl
from pydantic import field_validator, model_validator

from citysync.domain.city import City, SourceBase
from citysync.domain.errors import SourceError
from citysync.domain.snapshot import Certificate, Grade, RawPage, Snapshot
from connectors._certify import single
from connectors._door import Door
from connectors._drop import Listed, bytes_of, is_plain, listed, newest
from connectors._files import FORMATS, Format, read_records
from connectors._mapping import Record, in_order, keys_of, plan_for, stacked, to_frame, unknown_fields, with_headings
from connectors._moments import changed_at

# Reading the same file again proves nothing; JSON and XLSX at least show by their structure that they end.
_UNPROVED: dict[Format, Grade] = {"csv": Grade.C, "jsonl": Grade.C, "json": Grade.B, "xlsx": Grade.B}


class Source(SourceBase):
    """Keys of a file drop. ``path`` may be a glob: the newest by name is taken, or those the manifest lists."""

    path: str
    format: Format | None = None
    items: str | None = None
    manifest: str | None = None

    @field_validator("path", "manifest")
    @classmethod
    def _local(cls, path: str | None) -> str | None:
        if path is not None and "://" in path:
            raise ValueError(f"尚不支持 {path.split('://', 1)[0]}://；请先把文件取到本地，再写本地路径")
        return path

    @model_validator(mode="after")
    def _format_known(self) -> Source:
        if self.format is None and _ending(self.path) is None:
            raise ValueError(f"从 path 的结尾看不出格式；请写 format，可用 {'、'.join(FORMATS)}")
        return self


@dataclass(frozen=True, slots=True)
class _File:
    raw: RawPage
    records: Sequence[Record]
    changed_at: datetime
    format: Format
    problem: str | None = None


def pull(city: City, source: Source, door: Door) -> Snapshot:
    """Return the directory of a drop: grade A by a fitting manifest, X by one that does not fit, else B or C."""
    taken_at = door.now()
    entries = None if source.manifest is None else listed(Path(source.manifest))
    files, problems = ([], []) if entries is None else _by_manifest(entries, city, source, door)
    if entries is None:
        files = [_read(newest(source.path), 1, city, source, door)]
    plans = [with_headings(plan_for(city, door.columns), city, file.records) for file in files]
    frames = [to_frame(file.records, plan, file.raw.number) for file, plan in zip(files, plans, strict=True)]
    rows = in_order(stacked(frames), door.columns)
    unknown = [unknown_fields(file.records, plan) for file, plan in zip(files, plans, strict=True)]
    return Snapshot(
        city_code=city.code,
        taken_at=taken_at,
        rows=rows,
        pages=tuple(file.raw for file in files),
        certificate=_certificate(files, rows, entries, problems),
        unknown_fields=tuple(sorted(set().union(*unknown))),
        source_changed_at=changed_at(rows) or max((file.changed_at for file in files), default=None),
    )


def _by_manifest(entries: Sequence[Listed], city: City, source: Source, door: Door) -> tuple[list[_File], list[str]]:
    """Return the files that are there, and what is wrong with them or missing."""
    files: list[_File] = []
    problems: list[str] = []
    for entry in entries:
        if not is_plain(entry.path):
            problems.append(f"缺少{entry.place}")
            continue
        files.append(_read(entry.path, len(files) + 1, city, source, door, entry))
        problems += [files[-1].problem] if files[-1].problem else []
    return files, problems


def _read(path: Path, number: int, city: City, source: Source, door: Door, entry: Listed | None = None) -> _File:
    """Return a file's rows; none of a file that is not the one its manifest lists."""
    data, changed = bytes_of(path)
    raw = door.keep(data, number, path.name)
    form = source.format or _ending(path.name) or _ending(source.path) or "csv"
    if entry is not None and hashlib.sha256(data).hexdigest() != entry.sha256:
        return _File(raw, (), changed, form, f"{entry.place} 的 SHA-256 与清单不符")
    try:
        records = read_records(data, form, source.encoding, source.items, known=city.fields.values())
    except SourceError as error:
        error.args = (f"{path.name}：{error}",)
        raise
    door.progress(f"{path.name} · {len(records):,} 条")
    if entry is not None and len(records) != entry.rows:
        problem = f"{entry.place} 清单写明 {entry.rows:,} 行，实际 {len(records):,} 行"
        return _File(raw, records, changed, form, problem)
    return _File(raw, records, changed, form)


def _certificate(
    files: Sequence[_File], rows: pl.DataFrame, entries: Sequence[Listed] | None, problems: Sequence[str]
) -> Certificate:
    keys = keys_of(rows)
    if entries is None:
        grade = _UNPROVED[files[0].format]
        proof = "文件结构完整，但没有清单" if grade is Grade.B else "没有清单，无法证明文件没有缺行"
        return single(grade, rows.height, keys, proof)
    declared = sum(entry.rows for entry in entries)
    proof = "清单不符" if problems else f"清单所列 {len(entries)} 个文件的摘要与行数（{declared:,}）全部相符"
    grade = Grade.X if problems else Grade.A
    return single(grade, rows.height, keys, proof, declared=declared, pages=len(files), problems=tuple(problems))


def _ending(path: str) -> Format | None:
    ending = Path(path).suffix.lower().removeprefix(".").replace("ndjson", "jsonl")
    return next((known for known in FORMATS if known == ending), None)
