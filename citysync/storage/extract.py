"""What a run's findings and rejected rows say of a few codes or one row, chosen by the database: a list may be long."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Literal

import sqlalchemy as sa

from citysync.domain.findings import FINDINGS, REJECTIONS
from citysync.storage import tables
from citysync.storage.engine import Store
from citysync.storage.keys import among
from citysync.storage.reading import Row, rows_of

_FINDING, _REJECTION, _RUN = tables.findings.c, tables.rejections.c, tables.runs.c


@dataclass(frozen=True, slots=True)
class Extract:
    """One city in one run. Findings have the keys of ``FINDINGS``, rejected rows those of ``REJECTIONS``."""

    store: Store
    city_code: str
    run_id: str

    def counted(self, what: Literal["check", "rule"]) -> dict[str, int]:
        """Return how many findings there are of each check, or rejections of each rule, the most frequent first."""
        table = tables.findings if what == "check" else tables.rejections
        count = sa.func.count().label("count")
        query = sa.select(table.c[what], count).where(self._here(table)).group_by(table.c[what])
        query = query.order_by(count.desc(), sa.func.min(table.c.position))
        with self.store.reading() as connection:
            return {str(name): int(number) for name, number in connection.execute(query)}

    def about_source(self) -> list[Row]:
        """Return the findings about the source as a whole."""
        return self._findings(_FINDING.task_code.is_(None), _FINDING.catalog_code.is_(None))

    def about(self, task_codes: Collection[str], catalog_code: str | None) -> list[Row]:
        """Return the findings of some rows, by their 实施编码 or 业务办理项编码, and of an item that has no row."""
        codes = among(task_codes, sqlite=self.store.is_sqlite)
        of_rows = sa.or_(_FINDING.task_code.in_(codes), _FINDING.task_handle_item.in_(codes))
        return self._findings(
            sa.or_(
                sa.and_(_FINDING.task_code.is_not(None), of_rows),
                sa.and_(
                    _FINDING.task_code.is_(None),
                    _FINDING.catalog_code.is_not(None),
                    _FINDING.catalog_code == catalog_code,
                ),
            )
        )

    def rejected(self, row_no: int) -> list[Row]:
        """Return why a row was rejected."""
        columns = (_REJECTION[name] for name in REJECTIONS)
        query = sa.select(*columns).where(self._here(tables.rejections), _REJECTION.row_no == row_no)
        return self._read(query.order_by(_REJECTION.position))

    def _findings(self, *wanted: sa.ColumnElement[bool]) -> list[Row]:
        query = sa.select(*(_FINDING[name] for name in FINDINGS)).where(self._here(tables.findings), *wanted)
        return self._read(query.order_by(_FINDING.position))

    def _here(self, table: sa.Table) -> sa.ColumnElement[bool]:
        seq = sa.select(_RUN.seq).where(_RUN.run_id == self.run_id).scalar_subquery()
        return sa.and_(table.c.run_seq == seq, table.c.city_code == self.city_code)

    def _read(self, query: sa.Select[Any]) -> list[Row]:
        with self.store.reading() as connection:
            return rows_of(connection, query)
