"""A ledger restored from its backup goes on where the backup was taken, without telling anything twice."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from citysync.domain.verdict import State
from citysync.storage import audit, mailbox
from citysync.storage.schema import open_store
from tests.alerts import robots
from tests.alerts.months import Month
from tests.alerts.robots import a_robot
from tests.alerts.test_thirty_nights import DRIFT, OUTAGE, province, said
from tests.servers import postgresql_url


@contextmanager
def sqlite_backup(folder: Path) -> Iterator[tuple[str, str]]:
    """Yield the ledger's address and, after ``copy``, that of its restored backup."""
    yield f"sqlite:///{folder / 'ledger.db'}", f"sqlite:///{folder / 'restored.db'}"


def copy_sqlite(folder: Path) -> None:
    with sqlite3.connect(folder / "ledger.db") as source, sqlite3.connect(folder / "restored.db") as target:
        source.backup(target)
    source.close()
    target.close()


def copy_postgresql(source: str, target: str, folder: Path) -> None:
    dump = folder / "citysync.dump"
    plain = [url.replace("postgresql+psycopg", "postgresql") for url in (source, target)]
    subprocess.run(["pg_dump", "--format=custom", f"--file={dump}", plain[0]], check=True, timeout=120)  # noqa: S603, S607
    subprocess.run(["pg_restore", "--no-owner", f"--dbname={plain[1]}", str(dump)], check=True, timeout=120)  # noqa: S603, S607


def go_on(ledger: str, restored: str, folder: Path, *, sqlite: bool) -> list[str]:
    """Live a night, back up, restore, live the next; return what was told."""
    with a_robot(robots.wecom) as robot:
        with open_store(ledger, write=True) as store:
            first = Month(store, folder, province(robot))
            first.night({OUTAGE: State.NOT_SYNCED, DRIFT: State.OUT_OF_SYNC})
            first.at(8, 30)
        copy_sqlite(folder) if sqlite else copy_postgresql(ledger, restored, folder)
        with open_store(restored, write=True) as store:
            second = Month(store, folder, province(robot), nights=first.nights)
            second.at(9, 0)
            second.night({DRIFT: State.OUT_OF_SYNC})
            second.at(8, 30)
        return said(robot, 0)


EXPECTED = [
    "【未同步】市440300 CS-C-440300-20260209",
    "【失步】市440900 CS-D-440900-20260209",
    "【已恢复】市440300 CS-C-440300-20260209",
    "〔再次提醒〕【失步】市440900 CS-D-440900-20260209",
]


def test_a_restored_sqlite_ledger_tells_nothing_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CITYSYNC_SECRET_WECOM", "key-1")
    with sqlite_backup(tmp_path) as (ledger, restored):
        assert go_on(ledger, restored, tmp_path, sqlite=True) == EXPECTED


@pytest.mark.postgresql
@pytest.mark.skipif(shutil.which("pg_dump") is None, reason="no pg_dump on this machine")
def test_a_restored_postgresql_ledger_tells_nothing_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CITYSYNC_SECRET_WECOM", "key-1")
    with postgresql_url() as ledger, postgresql_url() as restored:
        assert go_on(ledger, restored, tmp_path, sqlite=False) == EXPECTED


def test_what_waited_at_the_backup_and_went_out_since_is_told_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CITYSYNC_SECRET_WECOM", "key-1")
    with a_robot(robots.wecom) as robot, sqlite_backup(tmp_path) as (ledger, restored):
        with open_store(ledger, write=True) as store:
            first = Month(store, tmp_path, province(robot))
            first.night({OUTAGE: State.NOT_SYNCED, DRIFT: State.OUT_OF_SYNC})
            copy_sqlite(tmp_path)  # at 02:40, when all of it waits for the morning
            first.at(8, 30)
        with open_store(restored, write=True) as store:
            second = Month(store, tmp_path, province(robot), nights=first.nights)
            waited = mailbox.waiting(store)
            assert {row["city_code"] for row in waited} >= {OUTAGE, DRIFT}
            mailbox.settle(store, [row["seq"] for row in waited], "恢复备份", "值班", second.now)
            second.at(9, 0)
            second.night({DRIFT: State.OUT_OF_SYNC})
            second.at(8, 30)
            assert mailbox.waiting(store) == []
            assert (audit.verify(store).entries, audit.verify(store).broken) == (1, ())
        assert said(robot, 0) == EXPECTED
