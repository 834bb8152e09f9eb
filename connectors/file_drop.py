"""Files dropped in a folder: CSV, XLSX, JSON or JSON lines, with or without a manifest."""

from __future__ import annotations

import glob
import hashlib
import os
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
from pydantic import field_validator, model_validator

from citysync.domain.city import City, SourceBase, Strict
from citysync.domain.errors import OverBudget, SourceError, Unreachable, Unreadable
from citysync.domain.items import HEADINGS
from citysync.domain.snapshot import Certificate, Grade, RawPage, Snapshot
from connectors._certify import single
from connectors._door import Door
from connectors._files import FORMATS, Format, read_records
from connectors._mapping import Plan, Record, changed_at, in_order, keys_of, plan_for, stacked, to_frame, unknown_fields
from connectors._text import read_json

_LARGEST = 512 * 2**20
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
            raise ValueError(f'从 path 的结尾看不出格式；请写 format = "{"|".join(FORMATS)}"')
        return self


class Listed(Strict):
    """One file a manifest lists, with what it must be."""

    name: str
    sha256: str
    rows: int


@dataclass(frozen=True, slots=True)
class _File:
    raw: RawPage
    records: Sequence[Record]
    changed_at: datetime
    format: Format


def pull(city: City, source: Source, door: Door) -> Snapshot:
    """Return the directory of a drop: grade A by a fitting manifest, X by one that does not fit, else B or C."""
    taken_at = door.now()
    plan = plan_for(city, door.columns)
    problems: list[str] = []
    listed = None if source.manifest is None else _listed(Path(source.manifest))
    files = [_read(_newest(source.path), 1, city, source, door)] if listed is None else []
    for number, entry in enumerate(listed or (), start=1):
        file = _checked(
            entry, f"第 {number}/{len(listed or ())} 个文件 {entry.name}", len(files) + 1, city, source, door, problems
        )
        files += [] if file is None else [file]
    plans = [_with_headings(plan, city, file.records) for file in files]
    frames = [to_frame(file.records, here, file.raw.number) for file, here in zip(files, plans, strict=True)]
    rows = in_order(stacked(frames), door.columns)
    unknown = [unknown_fields(file.records, here) for file, here in zip(files, plans, strict=True)]
    return Snapshot(
        city_code=city.code,
        taken_at=taken_at,
        rows=rows,
        pages=tuple(file.raw for file in files),
        certificate=_certificate(files, rows, listed, problems),
        unknown_fields=tuple(sorted(set().union(*unknown))),
        source_changed_at=changed_at(rows) or max((file.changed_at for file in files), default=None),
    )


def _certificate(
    files: Sequence[_File], rows: pl.DataFrame, listed: Sequence[Listed] | None, problems: Sequence[str]
) -> Certificate:
    keys = keys_of(rows)
    if listed is None:
        grade = _UNPROVED[files[0].format]
        proof = "文件结构完整，但没有清单" if grade is Grade.B else "没有清单，无法证明文件没有缺行"
        return single(grade, rows.height, keys, proof)
    declared = sum(entry.rows for entry in listed)
    proof = "清单不符" if problems else f"清单所列 {len(listed)} 个文件的摘要与行数（{declared:,}）全部相符"
    grade = Grade.X if problems else Grade.A
    return single(grade, rows.height, keys, proof, declared=declared, pages=len(files), problems=tuple(problems))


def _checked(
    entry: Listed, place: str, number: int, city: City, source: Source, door: Door, problems: list[str]
) -> _File | None:
    """Return a listed file if it is what the manifest says; else note why not."""
    assert source.manifest is not None  # noqa: S101 — only listed files come here
    path = Path(source.manifest).parent / entry.name
    if not _is_plain(path):
        problems.append(f"缺少{place}")
        return None
    file = _read(path, number, city, source, door, entry.sha256)
    if file.raw.sha256 != entry.sha256.lower():
        problems.append(f"{place} 的 SHA-256 与清单不符")
    elif len(file.records) != entry.rows:
        problems.append(f"{place} 清单写明 {entry.rows:,} 行，实际 {len(file.records):,} 行")
    return file


def _listed(manifest: Path) -> tuple[Listed, ...]:
    data, _ = _bytes_of(manifest)
    document = read_json(data)
    files = document.get("files") if isinstance(document, dict) else None
    try:
        entries = tuple(_entry(entry) for entry in files or ())
    except (KeyError, TypeError, ValueError) as error:
        raise Unreadable(f"清单 {manifest.name} 的 files 应列出 name、sha256、rows；{error}") from error
    if not entries:
        raise Unreadable(f"清单 {manifest.name} 没有列出任何文件（files）")
    return entries


def _entry(sent: dict[str, object]) -> Listed:
    name = str(sent["name"])
    if Path(name).name != name or "\\" in name:
        raise ValueError(f"文件名不得含路径：{name!r}")
    return Listed(name=name, sha256=str(sent["sha256"]), rows=int(str(sent["rows"])))


def _read(path: Path, number: int, city: City, source: Source, door: Door, expected: str | None = None) -> _File:
    data, changed = _bytes_of(path)
    raw = door.keep(data, number, path.name)
    form = source.format or _ending(path.name) or _ending(source.path) or "csv"
    damaged = expected is not None and hashlib.sha256(data).hexdigest() != expected.lower()
    try:
        records = [] if damaged else read_records(data, form, source.encoding, source.items, known=city.fields.values())
    except SourceError as error:
        error.args = (f"{path.name}：{error}",)
        raise
    door.progress(f"{path.name} · {len(records):,} 条")
    return _File(raw, records, changed, form)


def _bytes_of(path: Path) -> tuple[bytes, datetime]:
    """Return a file's bytes and when it was changed; refuses one that is still being written."""
    try:
        before = path.stat()
        if before.st_size > _LARGEST:
            raise OverBudget(f"{path.name} 有 {before.st_size / 2**20:,.0f} MB，超过上限 {_LARGEST // 2**20} MB")
        data = path.read_bytes()
        after = path.stat()
    except OSError as error:
        raise Unreachable(f"无法读取文件 {path}（{error.strerror}）；请检查路径与权限") from error
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns) or len(data) != after.st_size:
        raise Unreachable(f"{path.name} 上传未完成（读取期间仍在变化）；请稍后重试")
    return data, datetime.fromtimestamp(after.st_mtime, UTC)


def _newest(pattern: str) -> Path:
    if not glob.has_magic(pattern):
        return Path(pattern)
    found = [Path(name) for name in glob.glob(pattern) if _is_plain(Path(name))]  # noqa: PTH207 — a whole pattern
    if not found:
        raise Unreachable(f"没有与 {pattern} 相符的文件；请检查路径或催收文件")
    return max(found, key=lambda path: path.name)


def _is_plain(path: Path) -> bool:
    """Return whether it is a regular file; a link in a drop folder could lead anywhere."""
    try:
        return stat.S_ISREG(os.lstat(path).st_mode)
    except OSError:
        return False


def _ending(path: str) -> Format | None:
    ending = Path(path).suffix.lower().removeprefix(".")
    return next((known for known in FORMATS if known == ending or (known == "jsonl" and ending == "ndjson")), None)


def _with_headings(plan: Plan, city: City, records: Sequence[Record]) -> Plan:
    """Return the plan with Chinese headings in the place of canonical names the file does not have."""
    sent = set().union(*records)
    mapped = set(city.fields.values()) | plan.ignored
    aliases: dict[str, list[str]] = {}
    for heading in sorted(sent - mapped):
        if heading in HEADINGS and HEADINGS[heading] != heading:
            aliases.setdefault(HEADINGS[heading], []).append(heading)
    paths = dict(plan.paths)
    for column, headings in aliases.items():
        if column not in paths or column in city.fields or column in sent:
            continue
        if len(headings) > 1:
            raise Unreadable(
                f"表头 {'、'.join(headings)} 都可能是 {column}；请在 [fields] 里写明取哪一列", place="表头"
            )
        paths[column] = headings[0]
    return Plan(paths, plan.ignored)
