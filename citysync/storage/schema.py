"""Which version of the schema a ledger has, and how it gets the one this program needs.

Absent or empty: created by the first writing command. Older: upgraded by ``citysync db upgrade`` only. Newer, foreign
or damaged: refused. alembic is imported only when something is to be migrated.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from citysync.domain.errors import StorageError
from citysync.storage.engine import BUSY_SECONDS, Store, checked_url, connect, sqlite_path
from citysync.storage.tables import VERSION_TABLE
from citysync.storage.translate import damaged, on_disk

# Every version of the schema, oldest first; a test holds it to the migrations.
REVISIONS = (
    "0001",
    "0002",
    "0003",
    "0004",
    "0005",
    "0006",
    "0007",
    "0008",
    "0009",
    "0010",
    "0011",
    "0012",
    "0013",
    "0014",
    "0015",
    "0016",
    "0017",
    "0018",
    "0019",
    "0020",
)
HEAD = REVISIONS[-1]


class NoLedger(StorageError):
    """There is no ledger yet: nothing has ever run here."""

    reason = "no_ledger"


@dataclass(frozen=True, slots=True)
class Upgrade:
    """What an upgrade did; ``before`` is None for a ledger that did not exist."""

    before: str | None
    after: str

    @property
    def text(self) -> str:
        """Return what happened, for people."""
        if self.before is None:
            return f"台账已创建，版本 {self.after}"
        if self.before == self.after:
            return f"台账已是版本 {self.after}，无需升级"
        return f"台账已从版本 {self.before} 升级到 {self.after}"


def exists(url: str) -> bool:
    """Return whether there is a ledger; nothing is created. Raises ``StorageError`` if that cannot be known."""
    checked = checked_url(url)
    if _absent(checked):
        return False
    with connect(checked, write=False) as store:
        return _version(store) is not None


def open_store(url: str, *, write: bool, busy_seconds: float = BUSY_SECONDS, check: bool = True) -> Store:
    """Open a ledger of the version this program needs.

    ``write`` creates and migrates an absent or empty one; without it that is ``NoLedger``, and nothing is created.
    ``check``: before writing, have SQLite look through the whole file (a child of a command that did may skip it).
    Raises ``ConfigError`` for the URL, ``StorageError`` for everything else.
    """
    checked = checked_url(url)
    if not write and _absent(checked):
        raise _no_ledger(connect(checked, write=False))
    _look_at_folder(checked)
    store = connect(checked, write=write, busy_seconds=busy_seconds)
    try:
        if write and check:
            _look_through(store)
        _settle(store, write=write)
    except BaseException:
        store.close()
        raise
    return store


def upgrade(url: str) -> Upgrade:
    """Bring a ledger to the version this program needs, whole or not at all; create an absent one."""
    checked = checked_url(url)
    _look_at_folder(checked)
    with connect(checked, write=True) as store:
        _look_through(store)
        before = _version(store)
        if before is not None and before not in REVISIONS:
            raise _newer(store, before)
        return _migrate(store)


def _absent(url: sa.URL) -> bool:
    path = sqlite_path(url) if url.get_backend_name() == "sqlite" else None
    if path is None:
        return False
    with on_disk(path, "打开台账"):
        return not path.exists() or (path.is_file() and path.stat().st_size == 0)


def _look_at_folder(url: sa.URL) -> None:
    path = sqlite_path(url) if url.get_backend_name() == "sqlite" else None
    if path is None:
        return
    with on_disk(path, "打开台账"):
        is_folder, has_folder = path.is_dir(), path.parent.is_dir()
    if is_folder:
        raise StorageError(f"台账 {path} 是一个文件夹；请在 CITYSYNC_DATABASE_URL 里写出文件名")
    if not has_folder:
        raise StorageError(f"台账 {path} 所在的文件夹 {path.parent} 不存在；请先建立它，或改正 CITYSYNC_DATABASE_URL")


def _settle(store: Store, *, write: bool) -> None:
    version = _version(store)
    if version == HEAD:
        return
    if version is None and not write:
        raise _no_ledger(store)
    if version is None:
        _migrate(store)
    elif version in REVISIONS:
        raise StorageError(
            f"台账 {store.place.name} 的版本是 {version}，本程序需要 {HEAD}；请先备份，再运行 citysync db upgrade"
        )
    else:
        raise _newer(store, version)


def _no_ledger(store: Store) -> NoLedger:
    return NoLedger(
        f"尚无台账（{store.place.name}）；请先运行 citysync master import 导入基本目录，再运行 citysync sync"
    )


def _newer(store: Store, version: str) -> StorageError:
    return StorageError(
        f"台账 {store.place.name} 的版本是 {version}，本程序只认识到 {HEAD}；请换用写下它的那一版程序，台账未作改动"
    )


def _version(store: Store) -> str | None:
    """Return the schema's version, None for an empty database; refuse a database that is somebody else's."""
    with store.reading() as connection:
        return _version_on(connection, store)


def _version_on(connection: sa.Connection, store: Store) -> str | None:
    names = set(sa.inspect(connection).get_table_names())
    if VERSION_TABLE in names:
        version: str | None = connection.scalar(sa.text(f"SELECT version_num FROM {VERSION_TABLE}"))  # noqa: S608
        return version
    if names:
        raise StorageError(
            f"{store.place.name} 里已有别的表（{'、'.join(sorted(names)[:3])}），不是 citysync 的台账；"
            "请为台账单独准备一个库或文件"
        )
    return None


def _look_through(store: Store) -> None:
    if not store.is_sqlite:
        return
    with store.reading() as connection:
        found = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar()
    if found != "ok":
        raise damaged(store.place, str(found))


def _migrate(store: Store) -> Upgrade:
    """Run the migrations in one transaction; of several processes at once the first does, the others wait."""
    from alembic import command  # noqa: PLC0415 - `status` must start without it
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    with store.writing(lock="schema") as connection:
        before = _version_on(connection, store)
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
    return Upgrade(before, HEAD)
