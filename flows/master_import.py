"""A new version of the master catalogue, from a file or from a source described in TOML like a city's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from connectors._files import read_records
from schemas.master import master_changes, typed_master

from citysync.config.settings import Settings
from citysync.domain.errors import MasterError, SourceError
from citysync.storage import catalogue
from citysync.storage.engine import open_store
from flows.night import SHANGHAI

FORMATS = {".csv": "csv", ".xlsx": "xlsx", ".json": "json", ".jsonl": "jsonl", ".ndjson": "jsonl"}


@dataclass(frozen=True)
class Import:
    """What was asked of an import. ``reason`` is kept with a shrink that was accepted."""

    path: Path
    effective_on: date | None = None
    version: str | None = None
    accept_shrink: bool = False
    reason: str | None = None


@dataclass(frozen=True)
class Imported:
    """What an import did: the version's name, its items, and how many codes it added, changed or dropped."""

    version: str
    effective_on: date
    items: int
    changed: int


def import_master(asked: Import, settings: Settings, now: datetime) -> Imported:
    """Read, check and store a version of the master catalogue; refused whole, or stored whole.

    Raises MasterError: unreadable, empty, contradictory, shrunk by 20 % or more without ``accept_shrink``.
    """
    items = typed_master(_records(asked.path))
    store = open_store(settings.database_url.get_secret_value(), write=True)
    effective_on = asked.effective_on or now.astimezone(SHANGHAI).date()
    before = catalogue.load_latest(store)
    changed = frozenset[str]() if before is None else master_changes(before.items, items)
    version = catalogue.save_master(
        store,
        items,
        effective_on=effective_on,
        imported_at=now,
        version=asked.version,
        changed=changed,
        accept_shrink=asked.accept_shrink,
        reason=asked.reason,
        source=asked.path.name,
    )
    return Imported(version, effective_on, items.height, len(changed))


def _records(path: Path) -> Sequence[Mapping[str, object]]:
    kind = FORMATS.get(path.suffix.lower())
    if kind is None:
        raise MasterError(f"基本目录文件 {path}：不认识的格式 {path.suffix or '（无后缀）'}；请用 {' '.join(FORMATS)}")
    try:
        return read_records(path.read_bytes(), kind, None)
    except OSError as error:
        raise MasterError(f"基本目录文件 {path} 无法读取：{error.strerror}；请检查路径与权限") from error
    except SourceError as error:
        raise MasterError(f"基本目录文件 {path}：{error}") from error
