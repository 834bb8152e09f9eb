"""Handing a receipt over into a front-end database's feedback table (national exchange: ``dn_audit_abnormal``)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from citysync.domain.delivery import TableReceipt
from citysync.domain.errors import DeliveryError

# The table's columns that are filled; others are left to their defaults.
COLUMNS = ("err_type", "remark", "table_name", "table_sql_name", "table_row_guid", "table_update_time", "cd_time")
CONNECT_SECONDS, STATEMENT_SECONDS = 10, 60
_CHINESE_NAME = "实施清单"


def deliver(document: Mapping[str, Any], to: TableReceipt, secret: str | None, now: datetime) -> str:
    """Put one row per problem into the table, in one transaction, and return where, without the account.

    Delivering the same run again replaces its rows. Raises ``DeliveryError``: no such table, a column lacking, refused,
    not reached; then nothing was changed.
    """
    url = sa.make_url(to.url)
    url = url.set(username=to.auth.user or url.username, password=secret)
    shown = f"{url.set(username=None, password=None, query={}).render_as_string()} {to.table}"
    engine = sa.create_engine(url, poolclass=sa.NullPool, hide_parameters=True, connect_args=_patience(url))
    try:
        with engine.begin() as connection:
            _replace(connection, _table(connection, to, shown), document, to, now)
    except (sa.exc.SQLAlchemyError, OSError) as error:
        kind = type(getattr(error, "orig", None) or error).__name__
        text = f"回执没有写入 {shown}：{kind}；请核对库、表、账号的写权限后重送"
        raise DeliveryError(text, permanent=False) from None  # drivers quote the address, password included
    finally:
        engine.dispose()
    return shown


def _patience(url: sa.URL) -> dict[str, Any]:
    """Return how long each database may keep us: a city's stuck database must not hold up the others' receipts."""
    if url.get_backend_name() == "postgresql":
        return {"connect_timeout": CONNECT_SECONDS, "options": f"-c statement_timeout={STATEMENT_SECONDS * 1000}"}
    if url.get_backend_name() in {"mysql", "mariadb"}:
        waits = dict.fromkeys(("read_timeout", "write_timeout"), STATEMENT_SECONDS)
        return {"connect_timeout": CONNECT_SECONDS, "charset": "utf8mb4", **waits}
    return {"timeout": CONNECT_SECONDS}


def _table(connection: sa.Connection, to: TableReceipt, shown: str) -> sa.Table:
    """Return the table as the database describes it: only a name the inspector found is ever used."""
    inspector = sa.inspect(connection)
    if to.table not in inspector.get_table_names():
        raise DeliveryError(f"回执没有写入 {shown}：没有这个表；请核对 receipt.table 的 table", permanent=True)
    table = sa.Table(to.table, sa.MetaData(), autoload_with=connection)
    lacking = [name for name in COLUMNS if name not in table.c]
    if lacking:
        raise DeliveryError(f"回执没有写入 {shown}：表中没有列 {'、'.join(lacking)}", permanent=True)
    return table


def _replace(
    connection: sa.Connection, table: sa.Table, document: Mapping[str, Any], to: TableReceipt, now: datetime
) -> None:
    mark = f"〔运行 {document['run_id']} {document['city']}〕"
    connection.execute(sa.delete(table).where(table.c.remark.endswith(mark, autoescape=True)))
    rows = list(_rows(document, to, mark, now))
    if rows:
        connection.execute(sa.insert(table), rows)


def _rows(document: Mapping[str, Any], to: TableReceipt, mark: str, now: datetime) -> Iterator[dict[str, Any]]:
    moment = now.replace(tzinfo=None, microsecond=0)
    for problem in document["problems"]:
        where = problem["task_handle_item"] or problem["task_code"] or problem["catalog_code"]
        told = (
            f"{problem['item_name']} {where} {problem['field']} 应为：{problem['expected']} 现为：{problem['actual']}"
        )
        yield {
            "err_type": problem["problem"],
            "remark": f"{told} {problem['hint']}{mark}",
            "table_name": _CHINESE_NAME,
            "table_sql_name": to.source_table,
            "table_row_guid": where,
            "table_update_time": moment,
            "cd_time": moment,
        }
