"""One read-only, consistent reading of a foreign database, bounded in time."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

import sqlalchemy as sa

from citysync.domain.city import SourceBase
from citysync.domain.errors import OverBudget, Refused, SourceError, Unreachable, Unreadable
from citysync.domain.redaction import redacted
from citysync.domain.verdict import Fault
from connectors._only import Narrowing
from connectors._rights import write_rights

DRIVERS = ("sqlite", "postgresql+psycopg", "mysql+pymysql", "mariadb+pymysql")
_PROGRESS_STEPS = 100_000
_REFUSED_STATES = ("28", "42501")  # PostgreSQL: authorization, insufficient privilege
_REFUSED_NUMBERS = (1044, 1045, 1142, 1143, 1698)  # MySQL: access denied, to the database or the table
_TOO_SLOW_STATES = ("57014",)
_TOO_SLOW_NUMBERS = (1969, 3024)
_QUOTED = 200
_Batches = Generator[list[dict[str, Any]], None, None]


def source_url(url: str, user: str | None, secret: str | None) -> sa.URL:
    """Return the address with account and password put in."""
    parsed = sa.make_url(url)
    return parsed.set(username=user or parsed.username, password=secret)


class Reader:
    """A read-only transaction in which count and rows belong together. Foreign errors leave it as ``SourceError``.

    ``shown``: the address without account and password.
    """

    def __init__(self, url: sa.URL, source: SourceBase, secret: str | None, monotonic: Callable[[], float]) -> None:
        self.shown = sa.URL.create(
            url.drivername, host=url.host, port=url.port, database=url.database
        ).render_as_string()
        self._url, self._source, self._monotonic = url, source, monotonic
        self._secrets = (secret,) if secret else ()
        self._stack = ExitStack()
        self._deadline = monotonic() + source.budget_seconds

    def __enter__(self) -> Self:
        try:
            engine = _engine(self._url, self._source, self._monotonic)
            self._stack.callback(engine.dispose)
            self._connection = self._stack.enter_context(engine.connect())
            _begin(self._connection, self._source.budget_seconds)
        except ModuleNotFoundError as error:
            text = f"缺少驱动 {error.name}，无法连接 {self.shown}；请安装该驱动后重试"
            raise Unreachable(text, fault=Fault.OURS) from None
        except (sa.exc.SQLAlchemyError, OSError, sqlite3.Error) as error:
            self._stack.close()
            raise self._translated(error) from None  # drivers quote the whole address, password included
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._stack.close()
        except sa.exc.SQLAlchemyError as closing:
            if error is None:
                raise self._translated(closing) from None
        if isinstance(error, sa.exc.SQLAlchemyError):
            raise self._translated(error) from None

    @contextmanager
    def speaking(self) -> Iterator[None]:
        """Turn what the database refuses in this block into a ``SourceError``, as it is said to whoever asked."""
        try:
            yield
        except sa.exc.SQLAlchemyError as error:
            raise self._translated(error) from None

    def tables(self, names: Sequence[str]) -> Iterator[sa.Table]:
        """Yield the tables or views of these names, as the database itself describes them; no other name is used."""
        inspector = sa.inspect(self._connection)
        present = sorted({*inspector.get_table_names(), *inspector.get_view_names()})
        for name in names:
            if name not in present:
                some = "、".join(present[:20]) or "（无）"
                raise Unreadable(
                    f"数据库中没有表 {name[:60]!r}；现有 {some}；请核对 tables 或账号权限", place=name[:60]
                )
        for name in names:
            columns = [sa.Column(each["name"], self._read_as(each["type"])) for each in inspector.get_columns(name)]
            yield sa.Table(name, sa.MetaData(), *columns, sa.PrimaryKeyConstraint(*_number_key(inspector, name)))

    def _read_as(self, kind: sa.types.TypeEngine[Any]) -> sa.types.TypeEngine[Any]:
        """Return how a column is read: SQLite keeps what was written, a date may be a number or a word there."""
        is_moment = isinstance(kind, sa.DateTime | sa.Date | sa.Time)
        return sa.types.NullType() if is_moment and self._connection.dialect.name == "sqlite" else kind

    def count(self, table: sa.Table, only: Narrowing | None = None) -> int:
        """Return how many rows the table has, of those asked for."""
        query = sa.select(sa.func.count()).select_from(table)
        return int(self._connection.execute(_narrowed(query, table, only)).scalar_one())

    def batches(
        self, table: sa.Table, columns: Sequence[sa.Column[Any]], size: int, only: Narrowing | None = None
    ) -> Generator[list[dict[str, Any]], None, None]:
        """Yield the table's rows (of those asked for) in the order they were written, as far as the database knows."""
        query = _narrowed(sa.select(*columns), table, only).order_by(*self.written_order(table))
        with self._connection.execution_options(yield_per=size).execute(query) as result:
            for part in result.mappings().partitions(size):
                if self._monotonic() > self._deadline:  # a server's limit is one statement's, and every fetch is one
                    raise self._too_slow()
                yield [dict(row) for row in part]

    def rows(self, question: sa.Select[Any]) -> list[tuple[Any, ...]]:
        """Return what a question that the server works out by itself comes to."""
        found = [tuple(row) for row in self._connection.execute(question)]
        if self._monotonic() > self._deadline:
            raise self._too_slow()
        return found

    def rights(self, table: sa.Table) -> tuple[str, ...]:
        """Return which writing rights the account has on a table it should only read."""
        return write_rights(self._connection, table.name)

    def written_order(self, table: sa.Table) -> list[sa.ColumnElement[Any]]:
        """Return what a table's rows are ordered by as they were written, nothing where the database does not know."""
        if table.primary_key.columns:
            return list(table.primary_key.columns)
        hidden = {"sqlite": "rowid", "postgresql": "ctid"}.get(self._connection.dialect.name)
        is_view = table.name not in sa.inspect(self._connection).get_table_names()
        return [] if hidden is None or is_view else [sa.literal_column(hidden)]

    def _too_slow(self) -> OverBudget:
        spent = f"数据库 {self.shown} 的查询超过 {self._source.budget_seconds} 秒"
        return OverBudget(f"{spent}；请建索引或调大 budget_seconds")

    def _translated(self, error: Exception) -> SourceError:
        original = getattr(error, "orig", None) or error
        said = redacted(" ".join(str(original).split())[:_QUOTED], self._secrets)
        state = str(getattr(original, "sqlstate", None) or "")
        number = original.args[0] if original.args and isinstance(original.args[0], int) else 0
        if state.startswith(_REFUSED_STATES) or number in _REFUSED_NUMBERS or "authentication failed" in said:
            name = self._source.auth.secret or "（未配置）"
            return Refused(f"数据库 {self.shown} 拒绝了账号（{said}）；请核对账号权限与密钥 {name}")
        if state in _TOO_SLOW_STATES or number in _TOO_SLOW_NUMBERS or said == "interrupted":
            return self._too_slow()
        if "decode to UTF-8" in said:
            return Unreadable(f"数据库 {self.shown} 中有文字不是 UTF-8（{said}）；请核对库与连接的字符集")
        if isinstance(error, sa.exc.OperationalError | sa.exc.InterfaceError | OSError | sqlite3.OperationalError):
            return Unreachable(f"数据库 {self.shown} 无法连接或中断（{said}）；请检查网络与服务")
        return Unreadable(f"数据库 {self.shown} 无法读取（{said}）；请核对表结构")


def _narrowed(query: sa.Select[Any], table: sa.Table, only: Narrowing | None) -> sa.Select[Any]:
    return query if only is None else query.where(only.rows_of(table))


def _engine(url: sa.URL, source: SourceBase, monotonic: Callable[[], float]) -> sa.Engine:
    if url.get_backend_name() == "sqlite":
        return sa.create_engine(
            "sqlite://",
            creator=lambda: _sqlite(url, source.budget_seconds, monotonic),
            poolclass=sa.NullPool,
            hide_parameters=True,
        )
    arguments: dict[str, Any] = {"connect_timeout": source.timeout_seconds}
    if url.get_backend_name() == "postgresql":
        arguments["options"] = (
            f"-c statement_timeout={source.budget_seconds * 1000} -c lock_timeout={source.timeout_seconds * 1000}"
        )
    else:
        arguments |= {"read_timeout": source.budget_seconds, "charset": "utf8mb4"}
    return sa.create_engine(
        url,
        poolclass=sa.NullPool,
        hide_parameters=True,
        connect_args=arguments,
        isolation_level="REPEATABLE READ",
    )


def _sqlite(url: sa.URL, budget_seconds: int, monotonic: Callable[[], float]) -> sqlite3.Connection:
    path = Path(url.database or "")
    if not path.is_file():
        raise FileNotFoundError(2, "文件不存在", str(path))
    connection = sqlite3.connect(f"file:{quote(str(path.absolute()))}?mode=ro", uri=True, isolation_level=None)
    deadline = monotonic() + budget_seconds
    connection.set_progress_handler(lambda: monotonic() > deadline, _PROGRESS_STEPS)
    return connection


def _begin(connection: sa.Connection, budget_seconds: int) -> None:
    """Start the one transaction everything is read in; each database has its own word for it."""
    dialect = connection.dialect
    if dialect.name == "sqlite":
        connection.exec_driver_sql("BEGIN")
    elif dialect.name == "postgresql":
        connection.exec_driver_sql("SET TRANSACTION READ ONLY")
    else:
        limit = (
            f"max_statement_time = {budget_seconds}"
            if getattr(dialect, "is_mariadb", False)
            else f"max_execution_time = {budget_seconds * 1000}"
        )
        connection.exec_driver_sql(f"SET SESSION {limit}")
        connection.exec_driver_sql("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY")


def _number_key(inspector: sa.Inspector, table: str) -> list[str]:
    """Return the primary key if it is one number: rows written later have a higher one."""
    names = inspector.get_pk_constraint(table).get("constrained_columns") or []
    kinds = {column["name"]: column["type"] for column in inspector.get_columns(table)}
    return names if len(names) == 1 and isinstance(kinds[names[0]], sa.Integer) else []
