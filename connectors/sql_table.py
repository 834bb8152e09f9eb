"""A city's front-end database: tables ``up_task_*``, append-only, read in one read-only transaction.

Every row says what happened to its item (``cd_operation`` i, u, d); the last one per key by ``cd_time`` is in force.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Annotated

import polars as pl
import sqlalchemy as sa
from pydantic import Field, field_validator, model_validator

from citysync.domain.city import City, SourceBase
from citysync.domain.errors import Unreachable, Unreadable
from citysync.domain.items import COLUMNS, Kind
from citysync.domain.snapshot import Certificate, Grade, RawPage, Snapshot
from connectors._certify import single
from connectors._door import Door
from connectors._fold import folded
from connectors._mapping import Plan, in_order, keys_of, plan_for, stacked, to_frame, told_names
from connectors._moments import changed_at
from connectors._only import Only
from connectors._sql import DRIVERS, Reader, source_url
from connectors._told import Table, Told


class Source(SourceBase):
    """Keys of a database source; the password comes by ``auth``, never in ``url``; ``tables`` are read one by one."""

    url: str
    tables: Annotated[tuple[Annotated[str, Field(min_length=1)], ...], Field(min_length=1)]

    @field_validator("tables", mode="before")
    @classmethod
    def _toml_has_only_lists(cls, value: object) -> object:
        return tuple(value) if isinstance(value, list) else value

    @field_validator("url")
    @classmethod
    def _known_driver_and_no_password(cls, url: str) -> str:
        try:
            parsed = sa.make_url(url)
        except sa.exc.ArgumentError:
            raise ValueError("url 不是 SQLAlchemy 地址，应如 postgresql+psycopg://主机/库") from None
        if parsed.password is not None or "password" in parsed.query:
            raise ValueError('url 中不得写口令；请改用 auth = { kind = "basic", user = "账号", secret = "变量名" }')
        if parsed.drivername not in DRIVERS:
            raise ValueError(f"不支持 {parsed.drivername}；可用 {'、'.join(DRIVERS)}")
        return url

    @model_validator(mode="after")
    def _basic_or_nothing(self) -> Source:
        if self.auth.kind not in {"none", "basic"}:
            raise ValueError('数据库来源的 auth.kind 只能是 "none" 或 "basic"')
        return self


class Narrowed(Source):
    """A source of which only some codes are asked; no city file can say so."""

    only: Only


def pull(city: City, source: Source, door: Door) -> Snapshot:
    """Return the tables' items in force; grade A if count and rows, from one transaction, agree."""
    taken_at = door.now()
    plan = plan_for(city, door.columns)
    read = _Read()
    try:
        read.whole(source, plan, door)
    except Unreachable:
        if not read.begun:
            raise
        door.again("数据库连接中断，从头再读一次")  # half a read is worth nothing: another state
        read = _Read()
        read.whole(source, plan, door)
    meanings = city.values.get("cd_operation", {})
    current = [folded(rows, meanings, name) for name, rows in read.tables]
    rows = in_order(stacked(current), door.columns)
    return Snapshot(
        city_code=city.code,
        taken_at=taken_at,
        rows=rows,
        pages=tuple(read.pages),
        certificate=_certificate(read.counted, sum(frame.height for _, frame in read.tables), rows, len(read.pages)),
        unknown_fields=tuple(sorted(read.unknown)),
        source_changed_at=changed_at(rows, taken_at),
    )


@dataclass
class _Read:
    """One reading of all tables in one transaction. ``begun``: the database had answered before it broke off."""

    begun: bool = False
    counted: int = 0
    tables: list[tuple[str, pl.DataFrame]] = field(default_factory=list)
    pages: list[RawPage] = field(default_factory=list)
    unknown: set[str] = field(default_factory=set)

    def whole(self, source: Source, plan: Plan, door: Door) -> None:
        """Read every table, and count it first in the same transaction."""
        secret = door.secret(source.auth.secret) if source.auth.secret else None
        reader = Reader(source_url(source.url, source.auth.user, secret), source, secret, door.monotonic)
        with Told(reader, door, source.only if isinstance(source, Narrowed) else None) as told:
            self.begun = True
            tables, self.counted = told.tables(source.tables)
            for table in tables:
                _refuse_numeric_codes(table, plan)
                self.unknown |= told_names(set(table.columns) - set(plan.paths.values()) - plan.ignored, plan)
                self.tables.append((table.name, _read_table(told, table, plan, door, self.pages)))


def _certificate(counted: int, taken: int, rows: pl.DataFrame, pages: int) -> Certificate:
    """Return the proof; a table engine without transactions may change between count and read."""
    if counted != taken:
        problem = f"COUNT(*) {counted:,} 行，实际读到 {taken:,} 行；表可能不支持事务"
        proof = "计数与读取不一致"
        return single(Grade.X, rows.height, keys_of(rows), proof, pages=pages, problems=(problem,))
    proof = f"同一只读事务内 COUNT(*) {counted:,} 行与读取一致，有效 {rows.height:,} 条"
    return single(Grade.A, rows.height, keys_of(rows), proof, declared=rows.height, pages=pages)


def _read_table(told: Told, table: Table, plan: Plan, door: Door, pages: list[RawPage]) -> pl.DataFrame:
    wanted = [column for column in table.columns if column in set(plan.paths.values())]
    if not wanted:
        raise Unreadable(f"表 {table.name} 没有任何认得的列；请核对 [fields]", place=table.name)
    frames = [to_frame([], plan, 0)]
    taken = 0
    for lines in told.batches(table.name, wanted):
        number = len(pages) + 1
        pages.append(door.keep(lines, number, f"{told.shown}#{table.name}"))
        records = [json.loads(line) for line in lines.decode().split("\n")]
        frames.append(to_frame(records, plan, number))
        taken += len(records)
        door.progress(f"{table.name} · {taken:,} 行")
    return pl.concat(frames, how="diagonal")


def _refuse_numeric_codes(table: Table, plan: Plan) -> None:
    """Raise for a code kept as a number: it has lost its zeros, perhaps its last digits, before we ever see it."""
    for name, path in plan.paths.items():
        kind = COLUMNS[name].kind if name in COLUMNS else Kind.TEXT
        if path in table.numeric and kind is Kind.CODE:
            column = f"表 {table.name} 的编码列 {path}（{COLUMNS[name].label}）"
            place = f"{table.name}.{path}"
            raise Unreadable(f"{column}是数值类型 {table.numeric[path]}；请改为文本类型", place=place)
