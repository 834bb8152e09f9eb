"""Front-end databases: append-only tables, read in one transaction."""

from __future__ import annotations

import gc
import hashlib
import json
import sqlite3
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from pydantic import ValidationError

from citysync.domain.city import Codes
from citysync.domain.errors import OverBudget, Refused, Unreachable, Unreadable
from citysync.domain.memory import LastGood
from citysync.domain.recheck import Keys
from citysync.domain.snapshot import Grade, RawPage, Snapshot
from citysync.domain.verdict import Fault
from connectors import pull
from connectors._lookup import can_look_up, look_up
from connectors._sql import Reader
from connectors._tape import Player, Recorder
from tests.connectors.doors import CANARY, NOW, Memory, city_of, code, codes, directory, pulled
from tests.servers import mariadb_url, postgresql_url

TABLE = "up_task_general_basic"
# psycopg cannot close the cursor of a connection that was killed, and says so when it is collected.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning", "ignore::ResourceWarning")


def operation(number: int, kind: str, at: str | None, **changes: str | None) -> dict[str, str | None]:
    row = {"task_code": code(number), "task_name": f"事项{number}", "task_type": "01", "task_handle_item": None}
    return {**row, "cd_operation": kind, "cd_time": at, "cd_batch": None, **changes}


OPERATIONS = [
    operation(1, "i", "2026-11-01 08:00:00", task_name="旧名"),
    operation(2, "I", "2026-11-01 08:00:00"),
    operation(3, "i", "2026-11-01 08:00:00"),
    operation(1, "u", "2026-11-02 08:00:00", task_name="新名"),
    operation(2, "d", "2026-11-03 08:00:00"),
    operation(3, "D", "2026-11-02 08:00:00"),
    operation(3, "i", "2026-11-04 08:00:00"),
    operation(1, "u", "2026-11-01 09:00:00", task_name="迟到的旧消息"),
    operation(1, "i", "2026-11-01 08:00:00", task_handle_item=f"{code(1)}01", task_name="业务办理项"),
]


def filled(url: str, rows: Sequence[Mapping[str, Any]], table: str = TABLE, **types: Any) -> None:
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    columns = [sa.Column(name, types.get(name, sa.String(200))) for name in rows[0]]
    with engine.begin() as connection:
        described = sa.Table(table, sa.MetaData(), *columns)
        described.create(connection)
        connection.execute(described.insert(), [dict(row) for row in rows])
    engine.dispose()


@contextmanager
def sqlite_url(folder: Path) -> Iterator[str]:
    yield f"sqlite:///{folder / 'front end.db'}"


def source_of(url: str, *tables: str) -> dict[str, Any]:
    return {"connector": "sql_table", "url": url, "tables": list(tables or (TABLE,))}


@pytest.fixture(
    params=[
        "sqlite",
        pytest.param("postgresql", marks=pytest.mark.postgresql),
        pytest.param("mariadb", marks=pytest.mark.mariadb),
    ]
)
def front_end(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    made = {"sqlite": lambda: sqlite_url(tmp_path), "postgresql": postgresql_url, "mariadb": mariadb_url}
    with made[request.param]() as url:
        yield url


def test_the_last_operation_of_every_key_is_in_force(front_end: str) -> None:
    filled(front_end, OPERATIONS)
    memory = Memory()
    snapshot = pulled(source_of(front_end), memory)
    assert codes(snapshot) == [code(1), code(3), code(1)]
    assert snapshot.rows["task_name"].to_list() == ["新名", "事项3", "业务办理项"]
    certificate = snapshot.certificate
    assert (certificate.grade, certificate.received, certificate.declared) == (Grade.A, 3, 3)
    assert "COUNT(*) 9 行" in certificate.proof
    assert str(snapshot.source_changed_at) == "2026-11-04 00:00:00+00:00"
    number, shown, data = memory.kept[0]
    assert (number, shown.endswith(f"#{TABLE}"), len(data.splitlines())) == (1, True, 9)
    assert json.loads(data.splitlines()[3])["task_name"] == "新名"


def test_real_timestamps_and_numbers_become_text(front_end: str) -> None:
    rows: list[dict[str, Any]] = [
        {"task_code": code(1), "cd_time": None, "cd_operation": "i", "limit_scene_num": 1, "note": "x"}
    ]
    filled(front_end, rows, cd_time=sa.DateTime(), limit_scene_num=sa.Integer())
    engine = sa.create_engine(front_end, poolclass=sa.NullPool)
    with engine.begin() as connection:
        connection.execute(sa.text(f"UPDATE {TABLE} SET cd_time = '2026-11-23 08:30:00'"))  # noqa: S608 — our table
    snapshot = pulled(source_of(front_end))
    assert snapshot.rows["limit_scene_num"].to_list() == ["1"]
    assert str(snapshot.source_changed_at) == "2026-11-23 00:30:00+00:00"
    assert snapshot.unknown_fields == ("note",)


def test_several_tables_are_one_directory(front_end: str) -> None:
    filled(front_end, OPERATIONS[:1])
    filled(front_end, [{"task_code": code(9), "task_name": "公共服务"}], "up_task_public_basic")
    snapshot = pulled(source_of(front_end, TABLE, "up_task_public_basic"))
    assert codes(snapshot) == [code(1), code(9)]
    assert snapshot.rows["page_no"].to_list() == [1, 2]


def test_a_table_without_operations_is_a_plain_table_and_views_serve_too(front_end: str) -> None:
    filled(front_end, directory(5), "plain")
    engine = sa.create_engine(front_end, poolclass=sa.NullPool)
    with engine.begin() as connection:
        connection.execute(sa.text("CREATE VIEW v_items AS SELECT * FROM plain"))
    assert pulled(source_of(front_end, "v_items")).rows.height == 5
    assert pulled(source_of(front_end, "plain")).certificate.grade is Grade.A


def changed_while_reading(url: str, **options: str) -> Snapshot:
    """Pull two tables while, between count and read, somebody adds a row to the second."""
    filled(url, OPERATIONS[:1])
    filled(url, directory(3), "second")
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.connect() as connection:
        for statement in options.values():
            connection.exec_driver_sql(statement)

    class Meddling(Memory):
        def keep(self, data: bytes, number: int, url: str) -> RawPage:
            if number == 1:
                with engine.begin() as connection:
                    connection.execute(sa.text(f"INSERT INTO second (task_code) VALUES ('{code(7)}')"))  # noqa: S608
            return super().keep(data, number, url)

    return pulled(source_of(url, TABLE, "second"), Meddling())


def test_a_row_added_while_we_read_is_not_half_seen(front_end: str) -> None:
    options = {"wal": "PRAGMA journal_mode=WAL"} if front_end.startswith("sqlite") else {}
    snapshot = changed_while_reading(front_end, **options)
    assert (snapshot.certificate.grade, snapshot.certificate.received) == (Grade.A, 4)


@pytest.fixture
def dead_cursors() -> Iterator[None]:
    """Have the cursors of killed connections collected where their complaint is expected."""
    yield
    gc.collect()


def killed_while_reading(url: str, times: int) -> Snapshot:
    """Pull two tables while, after the first, an operator ends our connection, so many times."""
    filled(url, OPERATIONS[:1])
    filled(url, directory(3), "second")
    engine = sa.create_engine(url, poolclass=sa.NullPool)

    class Ending(Memory):
        left = times

        def keep(self, data: bytes, number: int, url: str) -> RawPage:
            if number == 1 and self.left:
                self.left -= 1
                with engine.begin() as connection:
                    others = "datname = current_database() AND pid <> pg_backend_pid()"
                    ended = sa.text(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {others}")  # noqa: S608
                    connection.execute(ended)
            return super().keep(data, number, url)

    return pulled(source_of(url, TABLE, "second"), Ending())


@pytest.mark.usefixtures("dead_cursors")
@pytest.mark.postgresql
def test_a_connection_that_breaks_in_mid_read_costs_one_more_read() -> None:
    with postgresql_url() as url:
        snapshot = killed_while_reading(url, 1)
    assert (snapshot.certificate.grade, snapshot.certificate.received, len(snapshot.pages)) == (Grade.A, 4, 2)


@pytest.mark.usefixtures("dead_cursors")
@pytest.mark.postgresql
def test_a_connection_that_breaks_twice_is_unreachable() -> None:
    with postgresql_url() as url, pytest.raises(Unreachable, match="无法连接或中断"):
        killed_while_reading(url, 2)


def test_a_driver_that_is_not_there_is_named_and_is_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pymysql", None)
    with pytest.raises(Unreachable, match=r"缺少驱动 pymysql.*请安装") as caught:
        pulled(source_of("mysql+pymysql://reader@127.0.0.1:9/items"))
    assert caught.value.fault is Fault.OURS


def test_padding_and_width_do_not_hide_a_deletion(tmp_path: Path) -> None:
    rows = [operation(1, "i", "2026-11-01", task_code=f"{code(1)}   "), operation(1, "d", "2026-11-02")]
    with sqlite_url(tmp_path) as url:
        filled(url, rows)
        assert pulled(source_of(url)).rows.is_empty()


@pytest.mark.parametrize("at", ["2026/11/3 08:00", "20261103080000", "2026年11月3日 8:00", "2026-11-03T00:00:00Z"])
def test_a_time_is_read_however_it_is_written(tmp_path: Path, at: str) -> None:
    rows = [operation(1, "i", "2026-11-02 08:00:00", task_name="旧"), operation(1, "u", at, task_name="新")]
    with sqlite_url(tmp_path) as url:
        filled(url, rows[::-1])
        assert pulled(source_of(url)).rows["task_name"].to_list() == ["新"]


def test_a_time_nobody_can_read_never_lets_the_older_operation_win(tmp_path: Path) -> None:
    rows = [operation(1, "i", "2026-11-02 08:00:00"), operation(1, "u", "昨天上午")]
    with sqlite_url(tmp_path) as url:
        filled(url, rows)
        with pytest.raises(Unreadable, match="同步时间 cd_time 无法识别：'昨天上午'"):
            pulled(source_of(url))


def test_text_in_another_charset_is_unreadable_not_unreachable(tmp_path: Path) -> None:
    with sqlite_url(tmp_path) as url:
        filled(url, OPERATIONS[:1])
        with closing(sqlite3.connect(sa.make_url(url).database or "")) as connection:
            connection.execute(f"UPDATE {TABLE} SET task_name = CAST(X'C9EEDBDA' AS TEXT)")  # noqa: S608 — our table
            connection.commit()
        with pytest.raises(Unreadable, match="不是 UTF-8"):
            pulled(source_of(url))


@pytest.mark.mariadb
def test_an_engine_without_transactions_is_found_out() -> None:
    with mariadb_url() as url:
        certificate = changed_while_reading(url, engine="ALTER TABLE second ENGINE = MyISAM").certificate
    assert certificate.grade is Grade.X
    assert certificate.problems == ("COUNT(*) 4 行，实际读到 5 行；表可能不支持事务",)


def test_only_names_the_database_knows_are_used(front_end: str) -> None:
    filled(front_end, OPERATIONS)
    with pytest.raises(Unreadable, match=f"没有表 .*现有 .*{TABLE}"):
        pulled(source_of(front_end, 'x"; drop table up_task_general_basic; --'))
    assert pulled(source_of(front_end)).rows.height == 3


def test_a_code_kept_as_a_number_is_refused(front_end: str) -> None:
    filled(front_end, [{"task_code": code(1), "catalog_code": 1}], catalog_code=sa.Numeric(31, 0))
    with pytest.raises(Unreadable, match=r"编码列 catalog_code（基本编码）是数值类型"):
        pulled(source_of(front_end))


def test_an_unlisted_operation_is_never_guessed(front_end: str) -> None:
    filled(front_end, [*OPERATIONS, operation(4, "新增", "2026-11-05 08:00:00")])
    with pytest.raises(Unreadable, match=f"未列出的值 新增（实施编码 {code(4)}）"):
        pulled(source_of(front_end))
    assert pulled(source_of(front_end), values={"cd_operation": {"新增": "i"}}).rows.height == 4


def test_ties_go_to_the_later_batch_then_to_the_later_row(tmp_path: Path) -> None:
    at = "2026-11-01 08:00:00"
    rows = [
        operation(1, "u", at, cd_batch="10", task_name="后批"),
        operation(1, "u", at, cd_batch="9", task_name="前批"),
        operation(2, "i", at, task_name="先"),
        operation(2, "u", at, task_name="后"),
        operation(3, "i", None, task_name="无时间"),
        operation(3, "u", "2020-01-01", task_name="有时间"),
    ]
    with sqlite_url(tmp_path) as url:
        filled(url, rows)
        assert pulled(source_of(url)).rows["task_name"].to_list() == ["后批", "后", "有时间"]


def test_a_row_without_a_code_stands_for_itself(tmp_path: Path) -> None:
    rows = [operation(1, "i", "2026-11-01", task_code=None), operation(1, "u", "2026-11-02", task_code=None)]
    with sqlite_url(tmp_path) as url:
        filled(url, rows)
        snapshot = pulled(source_of(url))
    assert (snapshot.certificate.received, snapshot.certificate.distinct) == (2, 0)


def test_a_city_reads_and_never_writes(tmp_path: Path) -> None:
    with pytest.raises(Unreachable, match="文件不存在"):
        pulled(source_of(f"sqlite:///{tmp_path / 'missing.db'}"))
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_no_database_is_unreadable(tmp_path: Path) -> None:
    (tmp_path / "x.db").write_bytes(b"not a database at all" * 100)
    with pytest.raises(Unreadable, match="not a database"):
        pulled(source_of(f"sqlite:///{tmp_path / 'x.db'}"))


def test_a_query_without_end_is_over_budget(tmp_path: Path) -> None:
    path = tmp_path / "slow.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(
            "CREATE VIEW v_items AS WITH RECURSIVE n(task_code) AS (SELECT 1 UNION ALL SELECT task_code + 1 FROM n) "
            "SELECT 'x' || task_code AS task_code FROM n"
        )
    with pytest.raises(OverBudget, match="查询超过 60 秒"):
        pulled({**source_of(f"sqlite:///{path}", "v_items"), "budget_seconds": 60}, Memory(tick=5.0))


def trickled(url: str, clock: Memory, taken: list[object]) -> None:
    """Read a table row by row, each of which takes 25 seconds."""
    source = city_of({**source_of(url), "budget_seconds": 60}).source
    with Reader(sa.make_url(url), source, sa.make_url(url).password, clock.monotonic) as reader:
        table = next(reader.tables([TABLE]))
        for batch in reader.batches(table, [table.c.task_code], 1):
            taken.append(batch)
            clock.seconds += 25


def test_batches_that_trickle_in_are_over_budget_though_no_statement_is(front_end: str) -> None:
    filled(front_end, directory(4))
    taken: list[object] = []
    with pytest.raises(OverBudget, match="查询超过 60 秒"):
        trickled(front_end, Memory(), taken)
    assert len(taken) == 3


@pytest.mark.mariadb
def test_a_wrong_password_is_a_refusal_and_stays_secret() -> None:
    with mariadb_url() as url:
        wrong = sa.make_url(url).set(username=None).render_as_string()
        auth = {"kind": "basic", "user": "nobody_here", "secret": "CITYSYNC_SECRET_440300"}
        with pytest.raises(Refused, match="请核对账号权限与密钥 CITYSYNC_SECRET_440300") as caught:
            pulled({**source_of(wrong), "auth": auth})
    assert CANARY not in str(caught.value)


@pytest.mark.postgresql
def test_a_role_that_is_not_there_or_a_table_that_is_closed_is_a_refusal() -> None:
    with postgresql_url() as url:
        filled(url, OPERATIONS)
        parts = sa.make_url(url)
        engine = sa.create_engine(url, poolclass=sa.NullPool)
        role = f"reader_{parts.database}"
        with engine.begin() as connection:
            connection.execute(sa.text(f"CREATE ROLE {role} LOGIN"))
        try:
            auth = {"kind": "basic", "user": role, "secret": "S"}
            with pytest.raises(Refused, match="permission denied"):
                pulled({**source_of(parts.set(username=None, password=None).render_as_string()), "auth": auth})
        finally:
            with engine.begin() as connection:
                connection.execute(sa.text(f"DROP ROLE {role}"))


def test_a_closed_port_is_unreachable() -> None:
    for driver in ("postgresql+psycopg", "mysql+pymysql"):
        with pytest.raises(Unreachable, match="无法连接"):
            pulled(source_of(f"{driver}://reader@127.0.0.1:9/items"))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"url": "postgresql+psycopg://u:pw@h/d"}, "不得写口令"),
        ({"url": "postgresql://u@h/d"}, r"不支持 postgresql；可用 sqlite、postgresql\+psycopg"),
        ({"url": "nonsense"}, "不是 SQLAlchemy 地址"),
        ({"tables": []}, "tables"),
        ({"auth": {"kind": "bearer", "secret": "S"}}, "只能是"),
    ],
)
def test_a_wrong_source_is_refused_before_any_connection(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words) as caught:
        city_of({**source_of("sqlite:///x.db"), **changes})
    assert ":pw@" not in str([error["msg"] for error in caught.value.errors()])


def more(url: str, *rows: Mapping[str, Any]) -> None:
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.begin() as connection:
        table = sa.Table(TABLE, sa.MetaData(), autoload_with=connection)
        connection.execute(table.insert(), [dict(row) for row in rows])
    engine.dispose()


def based_on(snapshot: Snapshot) -> LastGood:
    return LastGood("run", NOW.date(), snapshot.in_hand)


def kept_in(bodies: dict[str, bytes], data: bytes) -> str:
    digest = hashlib.sha256(data).hexdigest()
    bodies[digest] = data
    return digest


def asked_pages(memory: Memory) -> list[str]:
    """Return the codes of every row that came over the line, in order."""
    lines = [line for _, _, data in memory.kept for line in data.decode().split("\n")]
    return [json.loads(line)["task_code"] for line in lines]


def test_a_recheck_selects_the_rows_of_its_codes_and_no_others(front_end: str) -> None:
    filled(
        front_end,
        [operation(number, "i", "2026-11-01 08:00:00", task_code=f" {code(number)}") for number in (1, 2, 3, 4)],
    )
    city = city_of(source_of(front_end))
    before = pulled(source_of(front_end))
    more(
        front_end,
        operation(1, "u", "2026-11-02 08:00:00", task_code=f" {code(1)}", task_name="改好"),
        operation(2, "d", "2026-11-02 08:00:00", task_code=f" {code(2)}"),
        operation(3, "u", "2026-11-02 08:00:00", task_code=f" {code(3)}", task_name="没有问到"),
        operation(5, "i", "2026-11-02 08:00:00", task_code=f"{code(5)}01", task_name="补上的"),
    )
    keys = Keys((code(1), code(2)), (code(5)[19:31],))
    assert can_look_up(city, keys)
    memory = Memory()
    again = look_up(city, memory.door(), keys, based_on(before), Grade.A, pull)
    assert asked_pages(memory) == [f" {code(1)}", f" {code(2)}", f" {code(1)}", f" {code(2)}", f"{code(5)}01"]
    named = dict(zip(codes(again), again.rows["task_name"], strict=True))
    assert named == {
        f" {code(3)}": "事项3",
        f" {code(4)}": "事项4",
        f" {code(1)}": "改好",
        f"{code(5)}01": "补上的",
    }
    assert (again.certificate.grade, again.rows["row_no"].to_list()) == (Grade.B, [1, 2, 3, 4])
    assert dict(zip(codes(again), again.rows["page_no"], strict=True))[f" {code(3)}"] == 0


def test_a_recheck_of_a_database_is_replayed_without_it(tmp_path: Path) -> None:
    with sqlite_url(tmp_path) as url:
        filled(url, OPERATIONS)
        city, keys, before = city_of(source_of(url)), Keys((code(1),), ()), based_on(pulled(source_of(url)))
        memory, bodies = Memory(), dict[str, bytes]()
        door = memory.door()
        recorder = Recorder(lambda data: kept_in(bodies, data), door.now)
        live = look_up(city, replace(door, now=recorder.now, tape=recorder), keys, before, Grade.A, pull)
    (tmp_path / "front end.db").unlink()
    player = Player(recorder.heard, recorder.moments, live.pages, bodies.__getitem__)
    offline = replace(door, now=player.now, keep=player.keep, tape=player)
    replayed = look_up(city, offline, keys, before, Grade.A, pull)
    assert replayed.rows.equals(live.rows)
    assert replace(replayed, rows=live.rows) == live


def test_a_city_with_codes_of_its_own_is_asked_by_item_only_where_it_has_the_column(tmp_path: Path) -> None:
    with sqlite_url(tmp_path) as url:
        own = Codes(scheme="local", pattern=".+")
        local, named = (city_of(source_of(url), codes=own, fields=each) for each in ({}, {"catalog_code": "item"}))
    assert [can_look_up(local, Keys(("x",), ())), can_look_up(local, Keys((), ("y",)))] == [True, False]
    assert can_look_up(named, Keys((), ("y",)))
    assert not can_look_up(named, Keys(tuple(map(str, range(201))), ()))
