"""What the ledger and the disk hold about one city in one run, gathered once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

from citysync.config.settings import Settings
from citysync.domain.catalogue import MasterCatalogue
from citysync.domain.city import City
from citysync.domain.errors import ConfigError, StorageError
from citysync.domain.retention import Kind
from citysync.domain.snapshot import Snapshot
from citysync.storage import catalogue, pages, purges, reading
from citysync.storage.engine import Store
from citysync.storage.extract import Extract
from citysync.storage.kept import read_snapshot
from citysync.storage.schema import open_store

Row = dict[str, Any]


@dataclass
class Record:
    """One city in one run. ``verdict``: the ledger's row; ``city``: the file as it is today, None if it is gone."""

    settings: Settings
    store: Store
    verdict: Row
    city: City | None

    @property
    def code(self) -> str:
        """Return the city's code."""
        return str(self.verdict["code"])

    @property
    def run_id(self) -> str:
        """Return the run."""
        return str(self.verdict["run_id"])

    @property
    def business_date(self) -> date:
        """Return the day deadlines and grace were counted from."""
        return date.fromisoformat(self.verdict["business_date"])

    @cached_property
    def kept(self) -> Row | None:
        """Return where the run's snapshot lies, None if it took none."""
        return reading.snapshot_of(self.store, self.code, self.run_id)

    @cached_property
    def snapshot(self) -> Snapshot | None:
        """Return the run's snapshot, None if it took none or it was purged. Raises StorageError where it was lost."""
        if self.kept is None or Kind.SNAPSHOTS in self.purged:
            return None
        return read_snapshot(self.settings.data_dir / self.kept["path"])

    @cached_property
    def notes(self) -> tuple[str, ...]:
        """Return what was odd about how the snapshot came; none where there is no snapshot, or it was lost."""
        try:
            return () if self.snapshot is None else self.snapshot.notes
        except StorageError:
            return ()

    @cached_property
    def purged(self) -> dict[Kind, str]:
        """Return what of the run's evidence the retention removed, each with a text for people."""
        return purges.purged(self.store, self.code, self.run_id)

    @cached_property
    def master(self) -> MasterCatalogue | None:
        """Return the version of the master catalogue the run judged against, None if the ledger has lost it."""
        name = self.verdict["master_version"]
        known = {row["name"]: row["imported_at"] for row in reading.master_versions(self.store)}
        return _version(self.settings.database, name, known[name]) if name in known else None

    @property
    def said(self) -> Extract:
        """Return the run's findings and rejections of the city; they are never read whole, there may be 50,000."""
        return Extract(self.store, self.code, self.run_id)

    @cached_property
    def pages(self) -> list[Row]:
        """Return the raw pages of the run, each with its ``path`` and whether it is ``on_disk``, whole."""
        return [self._page(row) for row in self._told_pages]

    @cached_property
    def _told_pages(self) -> list[Row]:
        return reading.pages_of(self.store, self.code, self.run_id)

    def page(self, number: int) -> Row | None:
        """Return the raw page of a number as ``pages`` has it, the later of two; no other is read for it."""
        told = next((row for row in reversed(self._told_pages) if row["number"] == number), None)
        return None if told is None else self._page(told)

    def _page(self, row: Row) -> Row:
        path = pages.page_path(self.settings.data_dir, row["sha256"])
        return {**row, "path": str(path), "on_disk": _whole(self.settings.data_dir, row["sha256"])}


def record_of(settings: Settings, store: Store, code: str, run_id: str | None, city: City | None) -> Record:
    """Return what a run says about a city, by default the last run; raises ConfigError where there is nothing."""
    if run_id is None:
        rows = reading.latest_verdicts(store, (code,))
    else:
        rows = [row for row in reading.verdicts_of(store, run_id) if row["code"] == code]
    if not rows:
        where = f"运行 {run_id} " if run_id else "台账"
        raise ConfigError(f"{where}中没有城市 {code} 的结论；先运行 citysync sync {code}")
    return Record(settings, store, rows[0], city)


@lru_cache(maxsize=2)
def _version(database: str, name: str, imported_at: str) -> MasterCatalogue:
    """Return a version of the master catalogue, read once: it never changes, and who asks once asks again."""
    del imported_at  # a ledger restored from a backup may have given the name to another version
    with open_store(database, write=False) as store:
        return catalogue.load_version(store, name)


def _whole(folder: Path, sha256: str) -> bool:
    try:
        pages.read_page(folder, sha256)
    except StorageError:
        return False
    return True
