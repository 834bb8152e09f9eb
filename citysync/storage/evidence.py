"""The evidence folder as files: what lies there, and removing it."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from pathlib import Path

from citysync.domain.retention import File
from citysync.storage import clean_rows, row_texts
from citysync.storage.pages import stale
from citysync.storage.translate import on_disk

_PAGE = re.compile(r"[0-9a-f]{64}")
_SNAPSHOT = re.compile(r"[0-9a-f]{64}(\.parquet|\.hashes|-[0-9a-f]{64}\.changes)")
_KNOWN = re.compile("|".join(map(re.escape, (clean_rows.NAME, row_texts.NAME))))


def page_name(sha256: str) -> str:
    """Return a page's name relative to the evidence folder, as ``pages.page_path`` lays it."""
    return f"pages/{sha256[:2]}/{sha256}"


def files_in(folder: Path) -> dict[str, File]:
    """Return every raw page, tape, snapshot, file of its rows' hashes and list of known rows by its name in the folder.

    Anything else is not ours to touch. Raises ``StorageError`` where the folder cannot be read.
    """
    with on_disk(folder, "查看证据文件夹"):
        return {
            f"{room}/{entry.parent.name}/{entry.name}": file
            for room, shape in (("pages", _PAGE), ("snapshots", _SNAPSHOT), (clean_rows.FOLDER, _KNOWN))
            for entry, file in _two_deep(folder / room)
            if shape.fullmatch(entry.name)
        }


def still_used(files: Mapping[str, File], before: datetime) -> set[str]:
    """Return the lists of known rows written since a moment: a city that is adopted has its lists written anew."""
    room = f"{clean_rows.FOLDER}/"
    return {name for name, file in files.items() if name.startswith(room) and file.written >= before.timestamp()}


def unfinished_in(folder: Path) -> dict[str, File]:
    """Return what processes that are gone left half-written, by its name relative to the folder."""
    found = ((path.relative_to(folder).as_posix(), _file(path)) for path in stale(folder))
    return {name: file for name, file in found if file is not None}


def remove(folder: Path, names: Iterable[str]) -> None:
    """Remove files; one that is gone already is as it should be. Raises ``StorageError``."""
    for name in names:
        with on_disk(folder / name, "清除"):
            (folder / name).unlink(missing_ok=True)


def _two_deep(room: Path) -> Iterator[tuple[Path, File]]:
    if not room.is_dir():
        return
    for below in sorted(room.iterdir()):
        if below.is_dir() and not below.is_symlink():
            with os.scandir(below) as entries:
                for entry in entries:
                    if entry.is_file(follow_symlinks=False):
                        facts = entry.stat(follow_symlinks=False)
                        yield Path(entry.path), File(facts.st_size, facts.st_mtime)


def _file(path: Path) -> File | None:
    try:
        facts = path.stat()
    except FileNotFoundError:  # its writer finished meanwhile
        return None
    return File(facts.st_size, facts.st_mtime)
