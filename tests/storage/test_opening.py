"""Which ledgers are opened, which are refused, and what the refusal says."""

from __future__ import annotations

import sqlite3
import stat
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from threading import Barrier

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from citysync.domain.errors import ConfigError, StorageError
from citysync.storage import migrations, reading, schema, tables
from citysync.storage.engine import Store, connect
from citysync.storage.ledger import start_run
from citysync.storage.schema import NoLedger, exists, open_store, upgrade
from tests.storage.cast import CITIES, a_run, create_from_another_process


def _table_names(url: str) -> set[str]:
    engine = sa.create_engine(url)
    try:
        return set(sa.inspect(engine).get_table_names())
    finally:
        engine.dispose()


def _run_sql(url: str, *statements: str) -> None:
    engine = sa.create_engine(url)
    try:
        with engine.begin() as connection:
            for statement in statements:
                connection.execute(sa.text(statement))
    finally:
        engine.dispose()


def test_status_before_the_first_run_is_told_so_and_creates_nothing(url: str, tmp_path: Path) -> None:
    assert not exists(url)
    with pytest.raises(NoLedger, match=r"尚无台账.*请先运行 citysync"):
        open_store(url, write=False)
    assert list(tmp_path.iterdir()) == []


def test_the_first_writing_command_creates_the_ledger(url: str) -> None:
    open_store(url, write=True).close()
    assert exists(url)
    with open_store(url, write=False) as store:
        assert reading.runs(store) == []


def test_an_empty_file_is_a_ledger_not_yet_made(tmp_path: Path) -> None:
    (tmp_path / "citysync.db").touch()
    url = f"sqlite:///{tmp_path / 'citysync.db'}"
    assert not exists(url)
    with pytest.raises(NoLedger):
        open_store(url, write=False)
    open_store(url, write=True).close()
    assert exists(url)


def test_the_migrations_make_exactly_the_tables_the_program_knows(store: Store) -> None:
    with store.reading() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        found = compare_metadata(context, tables.metadata)
    assert [change for change in found if tables.VERSION_TABLE not in str(change)] == []


def test_the_program_knows_every_version_of_the_schema() -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(str(migrations.__file__)).parent))
    script = ScriptDirectory.from_config(config)
    assert tuple(revision.revision for revision in script.walk_revisions())[::-1] == schema.REVISIONS


def test_several_first_commands_at_once_make_one_ledger(url: str) -> None:
    with ProcessPoolExecutor(4, mp_context=get_context("spawn")) as pool:
        list(pool.map(create_from_another_process, [url] * 4))
    with open_store(url, write=True) as store:
        start_run(store, a_run(), CITIES)


def test_first_commands_at_the_same_moment_do_not_hinder_each_other(tmp_path: Path) -> None:
    for number in range(8):
        url, start = f"sqlite:///{tmp_path / f'{number}.db'}", Barrier(5)

        def create(url: str = url, start: Barrier = start) -> None:
            start.wait()
            open_store(url, write=True).close()

        with ThreadPoolExecutor(5) as pool:
            for job in [pool.submit(create) for _ in range(5)]:
                job.result()


def test_an_older_ledger_is_refused_until_it_is_upgraded(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    open_store(url, write=True).close()
    monkeypatch.setattr(schema, "REVISIONS", (*schema.REVISIONS, "0098"))
    head = schema.HEAD
    monkeypatch.setattr(schema, "HEAD", "0098")
    for write in (False, True):
        with pytest.raises(StorageError, match=rf"版本是 {head}，本程序需要 0098.*citysync db upgrade"):
            open_store(url, write=write)


def test_an_upgrade_says_from_and_to_and_may_be_repeated(url: str) -> None:
    first, again = upgrade(url), upgrade(url)
    assert (first.before, first.after, again.before) == (None, schema.HEAD, schema.HEAD)
    assert "已创建" in first.text
    assert "无需升级" in again.text
    assert schema.Upgrade("0001", "0002").text == "台账已从版本 0001 升级到 0002"


def test_a_newer_ledger_is_refused_naming_both_versions(url: str) -> None:
    open_store(url, write=True).close()
    _run_sql(url, f"UPDATE {tables.VERSION_TABLE} SET version_num = '0099'")  # noqa: S608 - our own constant
    for deed in (lambda: open_store(url, write=False), lambda: open_store(url, write=True), lambda: upgrade(url)):
        with pytest.raises(StorageError, match=rf"版本是 0099，本程序只认识到 {schema.HEAD}"):
            deed()


def test_another_programs_database_is_not_taken_over(url: str) -> None:
    _run_sql(url, "CREATE TABLE flow_run (id INTEGER PRIMARY KEY)")
    for write in (False, True):
        with pytest.raises(StorageError, match=r"已有别的表（flow_run）"):
            open_store(url, write=write)
    assert _table_names(url) == {"flow_run"}


def test_a_migration_cut_in_the_middle_leaves_nothing(url: str) -> None:
    made = 0
    while True:
        store = connect(sa.make_url(url), write=True)
        left = made

        def cut(*_: object) -> None:
            nonlocal left
            left -= 1
            if left < 0:
                raise KeyboardInterrupt

        sa.event.listen(store.engine, "before_cursor_execute", cut)
        with store:
            try:
                schema._migrate(store)
                break
            except KeyboardInterrupt:
                assert _table_names(url) == set()
        made += 1
    assert made > len(tables.metadata.tables), "the cut has been at every statement"
    assert exists(url)


@pytest.mark.parametrize("write", [False, True])
def test_a_file_that_is_no_database_is_refused_with_restore_advice(tmp_path: Path, write: bool) -> None:  # noqa: FBT001
    path = tmp_path / "citysync.db"
    path.write_bytes(b"PK\x03\x04" + b"x" * 8192)
    with pytest.raises(StorageError, match=r"citysync.db 不是数据库文件或已损坏；.*备份"):
        open_store(f"sqlite:///{path}", write=write)
    assert path.read_bytes().startswith(b"PK"), "nothing new is made in its place"


def test_a_damaged_page_is_found_before_anything_is_written(tmp_path: Path) -> None:
    path = tmp_path / "citysync.db"
    with open_store(f"sqlite:///{path}", write=True) as store:
        start_run(store, a_run(), [(f"{code:06}", "某市") for code in range(2_000)])
    data = bytearray(path.read_bytes())
    data[-20 * 4096 :] = b"\xff" * (20 * 4096)
    path.write_bytes(data)
    with pytest.raises(StorageError, match=r"已损坏.*最近的备份"):
        open_store(f"sqlite:///{path}", write=True)


def test_a_locked_ledger_is_waited_for_and_then_named(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'citysync.db'}"
    open_store(url, write=True).close()
    other = sqlite3.connect(tmp_path / "citysync.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        with open_store(url, write=True, busy_seconds=0.05) as store:
            with pytest.raises(StorageError, match=r"citysync.db 正被另一个进程占用，等了 0.05 秒"):
                start_run(store, a_run(), CITIES)
            assert reading.runs(store) == [], "reading goes on meanwhile"
    finally:
        other.close()


@pytest.mark.postgresql
def test_a_locked_table_is_waited_for_and_then_named(server_url: str) -> None:
    open_store(server_url, write=True).close()
    engine = sa.create_engine(server_url)
    with engine.begin() as other, open_store(server_url, write=True, busy_seconds=0.05) as store:
        other.execute(sa.text("LOCK TABLE runs IN ACCESS EXCLUSIVE MODE"))
        with pytest.raises(StorageError, match=r"PostgreSQL .* 正被另一个进程占用，等了 0.05 秒"):
            start_run(store, a_run(), CITIES)
    engine.dispose()


def test_a_reading_command_cannot_write(url: str) -> None:
    open_store(url, write=True).close()
    with open_store(url, write=False) as store, pytest.raises(StorageError, match="只读"):
        start_run(store, a_run(), CITIES)


_AS_NOBODY = """
import os, sys
from citysync.domain.errors import StorageError
from citysync.storage.ledger import start_run
from citysync.storage.schema import open_store
from tests.storage.cast import CITIES, a_run
with open_store(sys.argv[1], write=True) as store:  # so that nothing is left to import
    start_run(store, a_run(), CITIES)
if os.geteuid() == 0:  # root may do anything
    os.setgroups([]), os.setgid(65534), os.setuid(65534)
try:
    with open_store(sys.argv[2], write=True) as store:
        start_run(store, a_run(), CITIES)
except StorageError as error:
    print(error)
"""


@pytest.mark.parametrize(
    ("folder_mode", "text"), [(0o777, "台账 {} 只读，写不进去"), (0o600, "打开台账 {} 失败：没有权限")]
)
def test_a_ledger_without_permission_is_named(tmp_path: Path, folder_mode: int, text: str) -> None:
    path = tmp_path / "closed" / "citysync.db"
    path.parent.mkdir()
    open_store(f"sqlite:///{path}", write=True).close()
    path.chmod(0o444)
    path.parent.chmod(folder_mode)
    tmp_path.chmod(0o777)
    for folder in tmp_path.parents[:3]:  # pytest's own; others may pass through them
        folder.chmod(folder.stat().st_mode | stat.S_IXOTH)
    program = [sys.executable, "-c", _AS_NOBODY, f"sqlite:///{tmp_path}/first.db", f"sqlite:///{path}"]
    said = subprocess.run(program, capture_output=True, text=True, check=True).stdout  # noqa: S603
    path.parent.chmod(0o700)
    assert text.format(path) in said


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match=r"所在的文件夹 .*/nowhere 不存在"):
        open_store(f"sqlite:///{tmp_path / 'nowhere' / 'citysync.db'}", write=True)
    with pytest.raises(StorageError, match="是一个文件夹"):
        open_store(f"sqlite:///{tmp_path}", write=True)


def test_an_unreachable_server_is_named_without_its_password() -> None:
    url = "postgresql+psycopg://citysync:tiger-canary@127.0.0.1:1/ledger"
    with pytest.raises(StorageError, match=r"PostgreSQL 127.0.0.1:1/ledger 连不上.*重试") as caught:
        open_store(url, write=False)
    assert caught.value.retryable
    assert "canary" not in f"{caught.value}{caught.value.__cause__}{connect(sa.make_url(url), write=False)!r}"


@pytest.mark.postgresql
def test_a_database_nobody_created_is_named(server_url: str) -> None:
    absent = sa.make_url(server_url).set(database="citysync_absent").render_as_string(hide_password=False)
    with pytest.raises(StorageError, match=r"citysync_absent 这个库不存在；请先建库"):
        open_store(absent, write=True)


@pytest.mark.parametrize(
    ("url", "remedy"),
    [
        ("postgresql://u:canary@host/db", r"改成 postgresql\+psycopg://"),
        ("mysql+pymysql://u:canary@host/db", r"不支持 mysql\+pymysql"),
        ("postgresql+psycopg://u:can@ary@host/db", "%40"),
        ("postgresql+psycopg://u:canary@host:port/db", "请写成"),
        ("sqlite://", "不能放在内存里"),
        ("sqlite:///citysync.db?mode=ro", "不带参数"),
        ("canary", "请写成"),
    ],
)
def test_an_address_that_cannot_be_used_says_how_to_write_it(url: str, remedy: str) -> None:
    with pytest.raises(ConfigError, match=remedy) as caught:
        exists(url)
    assert "canary" not in f"{caught.value}"
    assert caught.value.__cause__ is None


def test_status_starts_without_polars_and_alembic(url: str) -> None:
    open_store(url, write=True).close()
    program = (
        "import sys; from citysync.storage import reading, schema\n"
        "with schema.open_store(sys.argv[1], write=False) as store: reading.latest_verdicts(store)\n"
        "print(sorted({'polars', 'alembic', 'pandera', 'prefect', 'requests'} & set(sys.modules)))"
    )
    said = subprocess.run([sys.executable, "-c", program, url], capture_output=True, text=True, check=True)  # noqa: S603
    assert said.stdout.strip() == "[]"
