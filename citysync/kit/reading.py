"""Where a city's directory lies: files of a folder, read by the strict readers of ``connectors``, or a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Protocol

import sqlalchemy as sa

from citysync.domain.errors import Unreachable, Unreadable
from connectors._choice import chosen
from connectors._files import FORMATS, Format, read_records
from connectors._folder import Entry, LocalFolder, Vanished
from connectors._records import Number, text

Row = dict[str, str | None]
Stamp = tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """A directory as it lies there. ``changed_at``: when it last changed, None where nothing says so."""

    rows: list[Row]
    changed_at: datetime | None


class Origin(Protocol):
    """Where a directory is read; both ways raise ``SourceError`` with what to do."""

    def stamp(self, today: date) -> Stamp | None:
        """Return what changes when the directory does, None where only reading it tells."""

    def read(self, today: date) -> Found:
        """Return the directory, whole."""


@dataclass(frozen=True)
class Files:
    """The newest file of a folder (with the other parts of its drop), or one file.

    ``key_fields``: what no cell may have turned into a number. ``encoding``, ``items``: as in a city file.
    """

    path: Path
    key_fields: Sequence[str]
    encoding: str | None = None
    items: str | None = None

    def stamp(self, today: date) -> Stamp:
        """Return the files to read as they lie there now."""
        folder = LocalFolder()
        entries = folder.entries(str(self.path / "*" if self.path.is_dir() else self.path))
        readable = [entry for entry in entries if _form(entry) is not None]
        if not readable:
            raise Unreachable(f"{self.path} 没有 {'、'.join(FORMATS)} 文件；请检查 --from")
        choice = chosen(readable, today)
        if choice.missing:
            raise Unreadable(f"分卷不全：{'、'.join(choice.missing)}；待全部写完后自动重读")
        return choice.files

    def read(self, today: date) -> Found:
        """Return the rows of the files, headings as they stand there."""
        entries = self.stamp(today)
        rows = [row for entry in entries for row in self._rows(entry)]
        if self.stamp(today) != entries:
            raise Unreadable("文件在读取期间有变动；待写完后自动重读")
        return Found(rows, max(entry.changed for entry in entries))

    def _rows(self, entry: Entry) -> list[Row]:
        try:
            data = LocalFolder().read(entry.path)
        except Vanished:
            raise Unreachable(f"{entry.name} 在读取前消失；稍后自动重读") from None
        records = read_records(data, _form(entry) or "csv", self.encoding, self.items, known=self.key_fields)
        spoilt = [name for name in self.key_fields if any(isinstance(record.get(name), Number) for record in records)]
        if spoilt:
            raise Unreadable(f"{entry.name} 的 {spoilt[0]} 列是数字格式，编码可能已损坏；请把该列改为文本后重新导出")
        return [flat(record) for record in records]


@dataclass(frozen=True)
class Table:
    """A table or view of a front-end database, one row an item; read in one transaction and never written."""

    url: sa.URL
    table: str

    def stamp(self, today: date) -> None:
        """Return None: only reading it tells."""
        del today

    def read(self, today: date) -> Found:
        """Return the table's rows."""
        del today
        engine = sa.create_engine(self.url, poolclass=sa.NullPool)
        try:
            with engine.connect() as connection:
                if engine.dialect.name != "sqlite":
                    connection.execute(sa.text("SET TRANSACTION READ ONLY"))
                query = sa.select(sa.Table(self.table, sa.MetaData(), autoload_with=connection))
                rows = [flat({str(name): row[name] for name in row}) for row in connection.execute(query).mappings()]
                connection.rollback()
        except sa.exc.SQLAlchemyError as error:
            # Never its text: it may quote the address with its password.
            kind = type(error).__name__
            raise Unreachable(f"数据库读取失败（{kind}）；请检查 --from、--table 与账号权限") from None
        return Found(rows, None)


def flat(record: Mapping[str, object]) -> Row:
    """Return a record as texts; objects within it as dotted names, lists and the like as the connectors write them."""
    row: Row = {}
    for name, value in record.items():
        if isinstance(value, dict) and value:
            row |= {f"{name}.{inner}": part for inner, part in flat(value).items()}
        else:
            row[str(name)] = text(value)
    return row


def _form(entry: Entry) -> Format | None:
    ending = Path(entry.name).suffix.lower().removeprefix(".").replace("ndjson", "jsonl")
    return next((known for known in FORMATS if known == ending and not entry.name.startswith(("~", "."))), None)
