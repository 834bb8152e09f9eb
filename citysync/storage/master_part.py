"""A part of a version of the master catalogue, chosen, ordered and cut by the database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa

from citysync.domain.catalogue import MASTER
from citysync.domain.errors import MasterError
from citysync.storage import tables
from citysync.storage.engine import Store
from citysync.storage.part import Part

_ITEM = tables.master_items.c
_VERSION = tables.master_versions.c


@dataclass(frozen=True, slots=True)
class ItemsPart:
    """Some items of a version (keys of ``MASTER``, by code), and how many there are of those asked for."""

    version: str
    effective_on: date
    rows: Sequence[dict[str, Any]]
    total: int


def items_part(store: Store, name: str, part: Part, regions: Sequence[str] | None = None) -> ItemsPart:
    """Return a part of a version; ``regions``: beginnings of division codes, only what applies there (or everywhere).

    Raises ``MasterError`` for a version nobody knows.
    """
    with store.reading() as connection:
        row = connection.execute(sa.select(tables.master_versions).where(_VERSION.name == name)).first()
        if row is None:
            raise MasterError(f"没有名为 {name} 的基本目录版本")
        chosen = sa.and_(_ITEM.version_seq == row.seq, sa.true() if regions is None else _applies(regions))
        query = sa.select(*(_ITEM[key] for key in MASTER)).where(chosen).order_by(_ITEM.catalog_code)
        found = connection.execute(query.limit(part.limit).offset(part.offset)).mappings()
        rows = [dict(item) for item in found]
        total = connection.scalar(sa.select(sa.func.count()).select_from(tables.master_items).where(chosen))
    return ItemsPart(row.name, row.effective_on, rows, total or 0)


def _applies(regions: Sequence[str]) -> sa.ColumnElement[bool]:
    """Return whether an item applies in some regions: an empty list, JSON of six-digit codes, is everywhere."""
    kept = sa.type_coerce(_ITEM.applies_to, sa.Text)
    there = (kept.contains(f'"{begin}', autoescape=True) for begin in regions)
    return sa.or_(kept.is_(None), kept == "[]", *there)
