"""A front-end database: does it let us in, may we only read, are the tables and columns there."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import Any, cast

import sqlalchemy as sa

from citysync.domain.city import City
from citysync.domain.errors import Refused, SourceError, Unreadable
from citysync.domain.items import NAMES
from connectors._door import Door
from connectors._mapping import plan_for
from connectors._sql import Reader, source_url
from connectors._wire import Host
from connectors.sql_table import Source
from flows.doctor.outcome import Link, Said, failed, passed, skipped, warned
from flows.doctor.rows import ROWS, Sample, sample_of
from flows.doctor.wire import connects, resolves

_SAMPLE_ROWS = 200
_PORTS = {"postgresql": 5432, "mysql": 3306, "mariadb": 3306}


@dataclass(frozen=True)
class Opened:
    """What one read-only transaction showed. ``counts``: rows by table; ``rights``: writing rights by table."""

    counts: dict[str, int]
    rights: dict[str, tuple[str, ...]]
    columns: tuple[str, ...]
    records: list[dict[str, Any]]


@dataclass
class Database:
    """A city's database, looked at once."""

    city: City
    door: Door
    today: date

    @property
    def source(self) -> Source:
        """Return the source as its file describes it."""
        return cast("Source", self.city.source)

    @property
    def url(self) -> sa.URL:
        """Return its address, without account."""
        return sa.make_url(self.source.url)

    @property
    def host(self) -> Host:
        """Return where it is."""
        return Host(self.url.host or "localhost", self.url.port or _PORTS.get(self.url.get_backend_name(), 0))

    @property
    def is_file(self) -> bool:
        """Return whether it is a SQLite file: then there is neither host nor account."""
        return self.url.get_backend_name() == "sqlite"

    @property
    def now(self) -> datetime:
        """Return the clock."""
        return self.door.now()

    @cached_property
    def opened(self) -> Opened | SourceError:
        """Return what was seen inside, or why nothing was."""
        secret = self.door.secret(self.source.auth.secret) if self.source.auth.secret else None
        try:
            url = source_url(self.source.url, self.source.auth.user, secret)
            with Reader(url, self.source, secret, self.door.monotonic) as reader:
                return self._looked(reader)
        except SourceError as error:
            return error

    def _looked(self, reader: Reader) -> Opened:
        tables = list(reader.tables(self.source.tables))
        records: list[dict[str, Any]] = []
        for table in tables:
            with closing(reader.batches(table, list(table.columns), _SAMPLE_ROWS)) as batches:
                records += next(batches, [])
        return Opened(
            {table.name: reader.count(table) for table in tables},
            {table.name: reader.rights(table) for table in tables},
            tuple(str(column.name) for table in tables for column in table.columns),
            records,
        )

    @cached_property
    def sample(self) -> Sample:
        """Return the first rows of each table; a row that deletes its item counts as one all the same."""
        if isinstance(self.opened, SourceError):
            raise self.opened
        sample = sample_of(self.city, self.opened.records, self.today)
        plan = plan_for(self.city, NAMES)
        unknown = set(self.opened.columns) - set(plan.paths.values()) - plan.ignored
        return Sample(self.city, sample.rows, tuple(sorted(unknown)), self.today)


def named(database: Database) -> Said:
    """Does the host's name resolve?"""
    return skipped("SQLite 文件，没有主机") if database.is_file else resolves(database)


def reached(database: Database) -> Said:
    """Does the port take a connection?"""
    return skipped("SQLite 文件，没有端口") if database.is_file else connects(database)


def let_in(database: Database) -> Said:
    """Does the database take our account?"""
    seen = database.opened
    if isinstance(seen, Refused):
        return failed(str(seen), "请核对账号、密钥、库名与来源地址的授权（pg_hba.conf 或 GRANT）")
    if database.is_file:
        return skipped("SQLite 文件，没有账号")
    return skipped("没有得到应答") if isinstance(seen, SourceError) and _no_answer(seen) else passed("账号被接受")


def opens(database: Database) -> Said:
    """Can a read-only transaction be begun?"""
    seen = database.opened
    if isinstance(seen, SourceError) and _no_answer(seen):
        return failed(str(seen), "请核对 url 与数据库服务")
    return passed("只读事务可以开始")


def tables_there(database: Database) -> Said:
    """Are the tables there, readable, and not empty?"""
    seen = database.opened
    if isinstance(seen, SourceError):
        return failed(str(seen), "请核对 tables 的名称，或请市里授予 SELECT 权限")
    told = "、".join(f"{name} {count:,} 行" for name, count in seen.counts.items())
    empty = [name for name, count in seen.counts.items() if count == 0]
    if empty:
        return failed(f"{told}；空表不等于没有事项", f"请市里核实 {'、'.join(empty)} 为何没有数据")
    return passed(told)


def read_only(database: Database) -> Said:
    """Can the account only read? A reader that can write is one mistake away from doing it."""
    if database.is_file:
        return skipped("SQLite 文件总以只读方式打开")
    seen = database.opened
    if isinstance(seen, SourceError):
        return skipped("没有看到表")
    able = {name: rights for name, rights in seen.rights.items() if rights}
    if able:
        told = "；".join(f"{name}：{'、'.join(rights)}" for name, rights in able.items())
        return warned(f"账号具有写权限（{told}）", "请市里改为只读账号：只授予 SELECT")
    return passed("账号只能读")


def _no_answer(error: SourceError) -> bool:
    return not isinstance(error, Unreadable | Refused)


LINKS: tuple[Link[Database], ...] = (
    Link("city.dns", named, holds=True),
    Link("city.tcp", reached, holds=True),
    Link("city.auth", let_in, holds=True),
    Link("city.answer", opens, holds=True),
    Link("city.tables", tables_there, holds=True),
    Link("city.rights", read_only),
    *ROWS,
)
