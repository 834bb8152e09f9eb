"""A new version of the master catalogue, from a file or from a source described in TOML like a city's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Literal

import polars as pl

from citysync.config.settings import Settings
from citysync.domain.errors import ConfigError, MasterError, SourceError
from citysync.storage import catalogue, reading
from citysync.storage.rehearsals import last_of
from citysync.storage.schema import open_store
from connectors._files import read_records
from flows.ledger_at import writable_ledger
from flows.master_source import master_records
from flows.night import SHANGHAI
from schemas.master import master_changes, typed_master

Format = Literal["csv", "xlsx", "json", "jsonl"]
FORMATS: dict[str, Format] = {
    ".csv": "csv",
    ".xlsx": "xlsx",
    ".json": "json",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
}


@dataclass(frozen=True)
class Import:
    """What was asked of an import. ``reason`` is kept with a shrink that was accepted."""

    path: Path
    effective_on: date | None = None
    version: str | None = None
    accept_shrink: bool = False
    reason: str | None = None


def import_master(asked: Import, settings: Settings, now: datetime) -> catalogue.Imported:
    """Read, check and store a version of the master catalogue; refused whole, or stored whole.

    Raises MasterError: unreadable, empty, contradictory, shrunk by 20 % or more without ``accept_shrink``.
    """
    if asked.accept_shrink and not asked.reason:
        raise ConfigError("--accept-shrink 需要同时给出 --reason 原因，原因会记入台账")
    items = read_master(asked.path, settings)
    effective_on = asked.effective_on or now.astimezone(SHANGHAI).date()
    with writable_ledger(settings) as store:
        before = reading.master_version_in_force(store, effective_on)
        changed = frozenset() if before is None else master_changes(catalogue.load_version(store, before).items, items)
        return catalogue.save_master(
            store,
            items,
            effective_on=effective_on,
            changed=changed,
            source=asked.path.name,
            now=now,
            version=asked.version,
            shrink_reason=asked.reason if asked.accept_shrink else None,
        )


def read_master(path: Path, settings: Settings) -> pl.DataFrame:
    """Return the items of a file, or of the source a TOML file describes, checked; raise MasterError if refused."""
    return typed_master(_records(path, settings))


def rehearsed(settings: Settings, version: str) -> str | None:
    """Return what the last rehearsal of a version's content found, None if it was never rehearsed."""
    with open_store(settings.database, write=False) as store:
        done = last_of(store, catalogue.load_version(store, version).items)
    return None if done is None else str(done["text"])


def _records(path: Path, settings: Settings) -> Sequence[Mapping[str, object]]:
    if path.suffix.lower() == ".toml":
        return _from_source(path, settings)
    kind = FORMATS.get(path.suffix.lower())
    if kind is None:
        raise MasterError(
            f"基本目录文件 {path}：不认识的格式 {path.suffix or '（无后缀）'}；请用 {' '.join(FORMATS)} 或 .toml"
        )
    try:
        return read_records(path.read_bytes(), kind, None)
    except OSError as error:
        raise MasterError(f"基本目录文件 {path} 无法读取：{error.strerror}；请检查路径与权限") from error
    except SourceError as error:
        raise MasterError(f"基本目录文件 {path}：{error}") from error


def _from_source(path: Path, settings: Settings) -> Sequence[Mapping[str, object]]:
    try:
        return master_records(path, settings)
    except OSError as error:
        raise MasterError(f"基本目录来源文件 {path} 无法读取：{error.strerror}；请检查路径与权限") from error
    except SourceError as error:
        raise MasterError(f"基本目录来源：{error}") from error
