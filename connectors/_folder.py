"""A folder files are dropped in, here or behind SFTP: what lies there, and the bytes of a file."""

from __future__ import annotations

import glob
import os
import stat
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import Protocol

from citysync.domain.errors import OverBudget
from connectors._drop import bytes_of

MOST_ENTRIES = 10_000


@dataclass(frozen=True, slots=True)
class Entry:
    """A regular file as a look at the folder shows it. ``path``: where it is; ``changed``: aware UTC."""

    path: str
    size: int
    changed: datetime

    @property
    def name(self) -> str:
        """Return the file's name alone."""
        return PurePosixPath(self.path).name


class Vanished(Exception):
    """A file that was there a moment ago is not any more; looking again may help."""


class Folder(Protocol):
    """Where files are dropped. Links, folders and devices are no files here."""

    shown: str

    def entries(self, pattern: str) -> list[Entry]:
        """Return the files a path or pattern names; ``OverBudget`` for a folder with too many."""

    def entry(self, path: str) -> Entry | None:
        """Return the file at a path as it is now, None if there is none."""

    def read(self, path: str) -> bytes:
        """Return a file's bytes, refusing one that changes meanwhile; ``Vanished`` if it is gone."""


class LocalFolder:
    """Files of this machine."""

    shown = ""

    def entries(self, pattern: str) -> list[Entry]:
        """Return the files a path or pattern names."""
        if not glob.has_magic(pattern):
            return [found] if (found := self.entry(pattern)) else []
        names = list(islice(glob.iglob(pattern), MOST_ENTRIES + 1))  # noqa: PTH207 — a whole pattern
        refuse_crowd(len(names), pattern)
        return [entry for name in names if (entry := self.entry(name)) is not None]

    def entry(self, path: str) -> Entry | None:
        """Return the file at a path as it is now; what stands there but is no plain file is read, and so refused."""
        try:
            seen = os.lstat(path)
        except OSError:
            return None
        if not stat.S_ISREG(seen.st_mode):
            return None
        return Entry(path, seen.st_size, datetime.fromtimestamp(seen.st_mtime, UTC))

    def read(self, path: str) -> bytes:
        """Return a file's bytes."""
        if not os.path.lexists(path):
            raise Vanished(path)
        return bytes_of(Path(path))[0]


def refuse_crowd(count: int, pattern: str) -> None:
    """Raise ``OverBudget`` for more files than any city drops."""
    if count > MOST_ENTRIES:
        raise OverBudget(f"与 {pattern} 相符的文件超过 {MOST_ENTRIES:,} 个；请清理目录，或写更窄的 path")
