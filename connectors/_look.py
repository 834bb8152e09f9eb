"""One look, or two, at the folder a city drops its files in: which are today's, whole, and no longer written."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

from pydantic import field_validator, model_validator

from citysync.domain.city import City, SourceBase
from citysync.domain.errors import SourceError, Unreachable
from citysync.domain.snapshot import RawPage
from citysync.domain.verdict import Fault
from connectors._choice import Choice, chosen, day_of
from connectors._door import Door
from connectors._drop import Listed, listed, unfinished
from connectors._files import FORMATS, Format, Leniency, read_records
from connectors._folder import Entry, Folder, LocalFolder, Vanished
from connectors._moments import CLOCK_SKEW
from connectors._records import Record
from connectors._sftp import SCHEME, RemoteFolder, remote_path
from connectors._taped import TapedFolder

_ZONE = ZoneInfo("Asia/Shanghai")
_FRESH = timedelta(seconds=60)  # a file touched this lately may still be written
_SETTLE_SECONDS = 2.0


class DropSource(SourceBase):
    """Keys of a file drop. ``path`` may be a glob: the newest is taken, or those the manifest lists.

    ``path`` and ``manifest`` may be ``sftp://host/…``; then ``host_key`` and ``auth`` (``basic``) are required.
    """

    path: str
    format: Format | None = None
    items: str | None = None
    manifest: str | None = None
    host_key: str | None = None
    fill_merged: bool = False
    bad_lines: Literal["refuse", "reject"] = "refuse"

    @field_validator("path", "manifest")
    @classmethod
    def _known_place(cls, path: str | None) -> str | None:
        if path is not None and "://" in path and not path.startswith(SCHEME):
            raise ValueError(f"不支持 {path.split('://', 1)[0]}://；可用本地路径或 sftp://主机/路径")
        if path is not None and path.startswith(SCHEME) and "@" in path.removeprefix(SCHEME).split("/", 1)[0]:
            raise ValueError(
                'path 中不得写账号或口令；请改用 auth = { kind = "basic", user = "账号", secret = "变量名" }'
            )
        return path

    @model_validator(mode="after")
    def _format_known(self) -> DropSource:
        if self.format is None and _ending(self.path) is None:
            raise ValueError(f"从 path 的结尾看不出格式；请写 format，可用 {'、'.join(FORMATS)}")
        return self

    @model_validator(mode="after")
    def _remote_is_proved(self) -> DropSource:
        if self.manifest is not None and self.remote != self.manifest.startswith(SCHEME):
            raise ValueError("path 与 manifest 必须在同一处：同为本地路径，或同为 sftp://")
        if self.remote and self.host_key is None:
            raise ValueError('sftp:// 需要 host_key = "ssh-ed25519 AAAA…"（向市里核实的主机公钥）；不会自动信任')
        if self.remote and (self.auth.kind != "basic" or self.auth.user is None):
            raise ValueError('sftp:// 需要 auth = { kind = "basic", user = "账号", secret = "变量名" }')
        return self

    @property
    def remote(self) -> bool:
        """Return whether the files lie behind SFTP."""
        return self.path.startswith(SCHEME)


@dataclass(frozen=True, slots=True)
class DroppedFile:
    """One file. ``broken``: rows that are none, by their place among the records, as they are told."""

    raw: RawPage
    records: Sequence[Record]
    changed_at: datetime
    format: Format
    problem: str | None = None
    broken: Mapping[int, str] = field(default_factory=dict)


@dataclass
class Taken:
    """What one look at the folder gave. ``entries``: the manifest's, None without one."""

    entries: tuple[Listed, ...] | None = None
    files: list[DroppedFile] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    doubt: str | None = None


def taken_from(city: City, source: DropSource, door: Door) -> Taken:
    """Return what lies there; a file that vanished or a line that broke in between is tried once more, from zero."""
    try:
        return _look(city, source, door)
    except Vanished:
        door.again("文件在读取前消失，重新列目录")
    except Unreachable:
        if not source.remote:
            raise
        door.again("连接中断，从头再读一次")
    try:
        return _look(city, source, door)
    except Vanished as error:
        text = f"无法读取文件 {Path(str(error)).name}（文件不存在）；请检查路径，或请市里上传"
        raise Unreachable(text, fault=Fault.CITY) from None


def _look(city: City, source: DropSource, door: Door) -> Taken:
    with TapedFolder(lambda: _folder(source, door), door.tape, door.meter) as folder:
        if source.manifest is not None:
            return _by_manifest(folder, city, source, door)
        pattern = _place(source.path)
        entries = folder.entries(pattern)
        if not entries:
            if folder.shown == "" and not any(mark in pattern for mark in "*?["):
                folder.read(pattern)  # says what stands there instead: nothing, a link, a device
            text = f"没有与 {source.path} 相符的文件；请检查路径，或请市里上传"
            raise Unreachable(text, fault=Fault.CITY)
        choice = chosen(entries, door.now().astimezone(_ZONE).date())
        _settled(folder, choice, door)
        taken = Taken(problems=list(choice.missing), doubt=choice.doubt, notes=[choice.doubt] if choice.doubt else [])
        for number, entry in enumerate(choice.files, start=1):
            taken.files.append(_read(folder, entry, number, city, source, door, taken))
        return taken


@contextmanager
def _folder(source: DropSource, door: Door) -> Iterator[Folder]:
    if not source.remote:
        yield LocalFolder()
        return
    secret = door.secret(source.auth.secret or "")
    with RemoteFolder(
        source.path, source.auth.user or "", secret, source.host_key or "", source.timeout_seconds
    ) as folder:
        yield folder


def _place(path: str) -> str:
    return remote_path(path) if path.startswith(SCHEME) else path


def _settled(folder: Folder, choice: Choice, door: Door) -> None:
    """Raise ``Unreachable`` for a file that two looks show differently; a ``.done`` beside it saves the second."""
    now = door.now()
    young = [entry for entry in choice.files if timedelta(0) <= now - entry.changed < _FRESH]
    young = [entry for entry in young if folder.entry(f"{entry.path}.done") is None]
    if not young:
        return
    door.wait(_SETTLE_SECONDS)
    for entry in young:
        if folder.entry(entry.path) != entry:
            raise unfinished(entry.name)


def _still_the_same(folder: Folder, entry: Entry, door: Door) -> None:
    """Raise ``Unreachable`` for a file that goes on growing: what cannot be read yet is no mistake of whoever wrote it.

    Asked only of what could not be read: an upload that pauses, or from a host whose clock is ahead, looks old enough.
    """
    door.wait(_SETTLE_SECONDS)
    if folder.entry(entry.path) != entry:
        raise unfinished(entry.name)


def _by_manifest(folder: Folder, city: City, source: DropSource, door: Door) -> Taken:
    """Return the files that are there, and what is wrong with them or missing."""
    manifest = _place(source.manifest or "")
    taken = Taken(entries=listed(manifest, folder.read(manifest)))
    for wanted in taken.entries or ():
        entry = folder.entry(wanted.path)
        if entry is None:
            taken.problems.append(f"缺少{wanted.place}")
            continue
        taken.files.append(_read(folder, entry, len(taken.files) + 1, city, source, door, taken, wanted))
        taken.problems += [taken.files[-1].problem] if taken.files[-1].problem else []
    return taken


def _read(
    folder: Folder,
    entry: Entry,
    number: int,
    city: City,
    source: DropSource,
    door: Door,
    taken: Taken,
    wanted: Listed | None = None,
) -> DroppedFile:
    """Return a file's rows; none of a file that is not the one its manifest lists."""
    data = folder.read(entry.path)
    raw = door.keep(data, number, f"{folder.shown}{entry.path}" if folder.shown else entry.name)
    changed = _written_at(entry, wanted, door.now())
    form = source.format or _ending(entry.name) or _ending(source.path) or "csv"
    if wanted is not None and hashlib.sha256(data).hexdigest() != wanted.sha256:
        return DroppedFile(raw, (), changed, form, f"{wanted.place} 的 SHA-256 与清单不符")
    lenient = Leniency(source.fill_merged, source.bad_lines == "reject")
    known, noted = city.fields.values(), taken.notes
    try:
        records = read_records(data, form, source.encoding, source.items, known=known, noted=noted, lenient=lenient)
    except SourceError as error:
        if wanted is None:  # a file that has its manifest's digest is whole
            _still_the_same(folder, entry, door)
        error.args = (f"{entry.name}：{error}",)
        raise
    door.progress(f"{entry.name} · {len(records):,} 条")
    if wanted is not None and len(records) != wanted.rows:
        problem = f"{wanted.place} 清单写明 {wanted.rows:,} 行，实际 {len(records):,} 行"
        return DroppedFile(raw, records, changed, form, problem, lenient.broken)
    return DroppedFile(raw, records, changed, form, None, lenient.broken)


def _written_at(entry: Entry, wanted: Listed | None, now: datetime) -> datetime:
    """Return how old a file is at least: yesterday's file copied again today is still yesterday's.

    What its manifest says comes first, unless that is a day that has not come yet.
    """
    if wanted is not None and wanted.changed_at is not None and wanted.changed_at <= now + CLOCK_SKEW:
        return wanted.changed_at
    day = day_of(entry.name)
    if day is None:
        return entry.changed
    ends = datetime(day.year, day.month, day.day, tzinfo=_ZONE) + timedelta(days=1)
    return min(entry.changed, ends.astimezone(UTC))


def _ending(path: str) -> Format | None:
    ending = Path(path).suffix.lower().removeprefix(".").replace("ndjson", "jsonl")
    return next((known for known in FORMATS if known == ending), None)
