"""Which rows of a table are asked for, where only some codes are: a narrow SELECT instead of a whole one."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Protocol

import sqlalchemy as sa

_TASK = (1, 31)  # where a 实施编码 stands in a 业务办理项编码, and a 基本编码 in both; counted from 1, as SQL does
_CATALOG = (20, 12)


class Narrowing(Protocol):
    """Says which rows of a table are asked for; as text it stands for that on a tape."""

    def rows_of(self, table: sa.Table) -> sa.ColumnElement[bool]:
        """Return which rows of a table are asked for."""


@dataclass(frozen=True, slots=True)
class Only:
    """Codes to look for, and the columns to look in as the city's tables call them.

    ``sent``: the ways the codes were written in the rows that had them; ``parts``: whether a 实施编码 holds the
    基本编码.
    """

    task_column: str
    catalog_column: str
    task_codes: tuple[str, ...]
    catalog_codes: tuple[str, ...]
    sent: tuple[str, ...] = ()
    parts: bool = True

    def rows_of(self, table: sa.Table) -> sa.ColumnElement[bool]:
        """Return which rows of a table speak of the codes; all of them where the table cannot be asked so."""
        if self.task_column not in table.columns:
            return sa.false()  # rows without a code are no item's
        if self.catalog_codes and not self.parts and self.catalog_column not in table.columns:
            return sa.true()
        task = sa.cast(table.columns[self.task_column], sa.String(200))
        spoken = [task.in_([*self.task_codes, *self.sent])]
        if self.parts:
            spoken.append(sa.func.substr(task, *_TASK).in_(self.task_codes))
            spoken.append(sa.func.substr(task, *_CATALOG).in_(self.catalog_codes))
        if self.catalog_column in table.columns:
            spoken.append(table.columns[self.catalog_column].in_(self.catalog_codes))
        return sa.or_(*spoken)

    def __str__(self) -> str:
        """Return the codes as they are asked for, for the tape."""
        return json.dumps([self.task_codes, self.catalog_codes, self.sent])
