"""A city's front-end database: tables ``up_task_*``, append-only, read in one read-only transaction.

Every row says what happened to its item (``cd_operation`` i, u, d); the last one per key by ``cd_time`` is in force.
"""

from __future__ import annotations

from typing import Annotated

import polars as pl
import sqlalchemy as sa
from pydantic import Field, field_validator, model_validator

from citysync.domain.city import City, SourceBase
from citysync.domain.errors import Unreachable
from citysync.domain.snapshot import Certificate, Grade, Snapshot
from connectors._certify import single
from connectors._door import Door
from connectors._mapping import distinct_keys, in_order, plan_for, stacked
from connectors._moments import changed_at
from connectors._only import Only
from connectors._sql import DRIVERS
from connectors._sql_night import Night
from connectors._sql_reading import Reading
from connectors._sql_since import Batches


class Source(SourceBase):
    """Keys of a database source; the password comes by ``auth``, never in ``url``; ``tables`` are read one by one."""

    url: str
    tables: Annotated[tuple[Annotated[str, Field(min_length=1)], ...], Field(min_length=1)]
    changes: Batches | None = None

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
    night = Night.begun(city, source.changes, door, taken_at)
    reading = _reading(city, source, night.door)
    try:
        return _read(city, reading, night)
    except Unreachable:
        if not reading.begun:
            raise
    door.again("数据库连接中断，从头再读一次")  # half a read is worth nothing: another state
    return _read(city, _reading(city, source, night.door), night)


def _reading(city: City, source: Source, door: Door) -> Reading:
    only = source.only if isinstance(source, Narrowed) else None
    meanings = city.values.get("cd_operation", {})
    return Reading(source, source.url, source.tables, meanings, plan_for(city, door.columns), door, only)


def _read(city: City, reading: Reading, night: Night) -> Snapshot:
    with reading.open() as told:
        found = night.news(told, reading)
        if found is None:
            reading.rows = 0
            tables = reading.operations(told)
            rows = in_order(stacked([current for _, current in tables]), night.door.columns)
            certificate = _certificate(reading.counted, reading.rows, rows, len(reading.pages))
            if certificate.grade is Grade.A:
                night.remember(told, reading, [sent for sent, _ in tables], rows)
            found = rows, certificate
    rows, certificate = found
    return Snapshot(
        city_code=city.code,
        taken_at=night.taken_at,
        rows=rows,
        pages=night.left(reading),
        certificate=certificate,
        unknown_fields=tuple(sorted(reading.unknown)),
        source_changed_at=changed_at(rows, night.taken_at),
        notes=night.notes,
    )


def _certificate(counted: int, taken: int, rows: pl.DataFrame, pages: int) -> Certificate:
    """Return the proof; a table engine without transactions may change between count and read."""
    if counted != taken:
        problem = f"COUNT(*) {counted:,} 行，实际读到 {taken:,} 行；表可能不支持事务"
        proof = "计数与读取不一致"
        return single(Grade.X, rows.height, distinct_keys(rows), proof, pages=pages, problems=(problem,))
    proof = f"同一只读事务内 COUNT(*) {counted:,} 行与读取一致，有效 {rows.height:,} 条"
    return single(Grade.A, rows.height, distinct_keys(rows), proof, declared=rows.height, pages=pages)
