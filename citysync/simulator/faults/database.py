"""Q: a front-end database that is slow, changed, wrong, or gone in the middle."""

from __future__ import annotations

from collections.abc import Callable

import sqlalchemy as sa

from citysync.simulator.faults.fault import Fault
from citysync.simulator.front_end import TABLES

Source = dict[str, object]
_TABLE = TABLES[0]
_SQL = frozenset({"sql"})


def _run(*statements: str) -> Callable[[str], None]:
    def put(url: str) -> None:
        engine = sa.create_engine(url, poolclass=sa.NullPool, hide_parameters=True)
        try:
            with engine.begin() as connection:
                for statement in statements:
                    connection.exec_driver_sql(statement)
        finally:
            engine.dispose()

    return put


_KEPT = f"ALTER TABLE {_TABLE} RENAME TO kept"
_ENDLESS = _run(
    _KEPT,
    f"CREATE VIEW {_TABLE} AS WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) "
    "SELECT kept.* FROM kept JOIN n ON n.x < 0",
)
_DIES = _run(
    _KEPT,
    f"CREATE VIEW {_TABLE} AS SELECT * FROM kept WHERE CASE WHEN row_guid = (SELECT max(row_guid) FROM kept) "
    "THEN pg_terminate_backend(pg_backend_pid()) ELSE true END",
)


def _overwritten(url: str) -> None:
    """Write rubbish over the middle of an SQLite file."""
    path = sa.make_url(url).database or ""
    with open(path, "r+b") as file:  # noqa: PTH123 - bytes in the middle of a file
        file.seek(0, 2)
        size = file.tell()
        file.seek(size // 4)
        file.write(b"\xff" * (size // 2))


def _tables(name: str) -> Callable[[Source], Source]:
    return lambda source: {**source, "tables": [name]}


def _driver(source: Source) -> Source:
    return {**source, "url": "dm+dmPython://127.0.0.1/items"}


FAULTS: tuple[Fault, ...] = (
    Fault(
        "Q01",
        "查询中途数据库断开",
        "the server ends the connection at one row",
        database=_DIES,
        dialects=_SQL,
        postgresql=True,
    ),
    Fault("Q01b", "数据库文件损坏", "half of an SQLite file is overwritten", database=_overwritten, dialects=_SQL),
    Fault("Q03", "查询没有尽头", "a view that never returns", database=_ENDLESS, dialects=_SQL),
    Fault(
        "Q05",
        "配置的表名夹带语句",
        "a table name that holds a statement",
        source=_tables('v_item"; DROP TABLE kept;--'),
        dialects=_SQL,
    ),
    Fault("Q07", "表被改名", "one of the tables has another name", database=_run(_KEPT), dialects=_SQL),
    Fault(
        "Q07b",
        "列被改名",
        "the code's column has another name",
        database=_run(f"ALTER TABLE {_TABLE} RENAME COLUMN task_code TO code"),
        dialects=_SQL,
    ),
    Fault(
        "Q08",
        "字符集错乱",
        "the names were written through the wrong character set",
        database=_run(f"UPDATE {_TABLE} SET task_name = '锟斤拷锟斤拷' WHERE cd_operation = 'u'"),
        dialects=_SQL,
    ),
    Fault(
        "Q09",
        "定长字段的尾随空格",
        "blanks after every code",
        database=_run(f"UPDATE {_TABLE} SET task_code = task_code || '   '"),
        dialects=_SQL,
    ),
    Fault(
        "Q11", "缺少数据库驱动", "the address names a database nobody has a driver for", source=_driver, dialects=_SQL
    ),
    Fault(
        "D15",
        "部分操作时间写成毫秒数",
        "cd_time of corrections and deletions as epoch milliseconds",
        database=_run(
            *(
                # A written time is the province's own, eight hours before UTC: the same instant, counted otherwise.
                f"UPDATE {name} SET cd_time = (CAST(strftime('%s', cd_time) AS INTEGER) - 8 * 3600) * 1000"
                " WHERE cd_operation <> 'i'"
                for name in TABLES
            )
        ),
        dialects=_SQL,
    ),
)
