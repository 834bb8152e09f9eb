"""Opening the ledger for writing, with the data folder made first: the first writing command creates both."""

from __future__ import annotations

from citysync.config.settings import Settings
from citysync.domain.errors import StorageError
from citysync.storage.engine import Store
from citysync.storage.schema import open_store


def writable_ledger(settings: Settings) -> Store:
    """Return the open ledger; raise StorageError where folder or database cannot be made or used."""
    try:
        settings.data_dir.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        text = f"数据目录 {settings.data_dir} 无法建立：{error.strerror}；请检查权限，或改 CITYSYNC_DATA_DIR"
        raise StorageError(text) from error
    return open_store(settings.database, write=True)
