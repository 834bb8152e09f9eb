"""An upgrade killed at any statement leaves the old ledger, refused by name until it is upgraded anew (R19)."""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from citysync.domain.errors import StorageError
from citysync.storage import migrations, schema
from citysync.storage.engine import connect
from citysync.storage.schema import open_store, upgrade

OLD = "0003"
SAMPLE = 12

# Forks per cut from one process without threads. Prints how many statements an upgrade has, then kills at each given.
_KILLING = """
import json, os, signal, sys
import sqlalchemy as sa
from citysync.storage import schema
from citysync.storage.engine import connect
from alembic import command

def upgraded(path, most):
    made = 0
    store = connect(sa.make_url(f"sqlite:///{path}"), write=True)
    def count(*_):
        nonlocal made
        made += 1
        if made == most:
            os.kill(os.getpid(), signal.SIGKILL)
    sa.event.listen(store.engine, "before_cursor_execute", count)
    with store:
        schema._migrate(store)
    return made

def ended(path, most):
    child = os.fork()
    if child == 0:
        upgraded(path, most)
        os._exit(0)
    return os.waitpid(child, 0)[1]

total = upgraded(sys.argv[1], None)
points = sorted({1 + number * (total - 1) // (len(sys.argv) - 3) for number in range(len(sys.argv) - 2)})
print(json.dumps({"total": total, "ended": [ended(path, most) for path, most in zip(sys.argv[2:], points)]}))
"""


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a ledger of an older version with something in it."""
    path = tmp_path_factory.mktemp("old") / "old.db"
    config = Config()
    config.set_main_option("script_location", str(Path(str(migrations.__file__)).parent))
    with connect(sa.make_url(f"sqlite:///{path}"), write=True) as store, store.writing(lock="schema") as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, OLD)
        columns = sa.inspect(connection).get_columns("runs")
        given = {each["name"]: _something(each["type"]) for each in columns if not each["nullable"]}
        table = sa.table("runs", *(sa.column(name) for name in given))
        connection.execute(table.insert().values(**{**given, "run_id": "20260101T000000-aaaaaa", "status": "finished"}))
    return path


def _something(kind: sa.types.TypeEngine[object]) -> object:
    return 1 if isinstance(kind, sa.Integer) else "2026-01-01" if isinstance(kind, sa.Date) else "2026-01-01 00:00:00"


def test_an_upgrade_killed_at_any_statement_is_made_whole_by_the_next(old: Path, tmp_path: Path) -> None:
    copies = [tmp_path / f"{number}.db" for number in range(SAMPLE + 1)]
    for copy in copies:
        shutil.copy(old, copy)
    program = [sys.executable, "-c", _KILLING, *map(str, copies)]
    done = subprocess.run(program, capture_output=True, text=True, check=True)  # noqa: S603 - our own words
    seen = json.loads(done.stdout)
    assert seen["ended"] == [9] * SAMPLE, "each was killed"
    assert seen["total"] > 20
    for copy in copies[1:]:
        url = f"sqlite:///{copy}"
        for write in (False, True):
            with pytest.raises(
                StorageError, match=f"版本是 {OLD}，本程序需要 {schema.HEAD}.*先备份.*citysync db upgrade"
            ):
                open_store(url, write=write)
        made = upgrade(url)
        assert (made.before, made.after) == (OLD, schema.HEAD)
        with closing(sqlite3.connect(copy)) as ledger:
            assert ledger.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            assert ledger.execute("SELECT run_id FROM runs").fetchall() == [("20260101T000000-aaaaaa",)]
