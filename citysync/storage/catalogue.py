"""Versions of the master catalogue (基本目录): imported whole or refused, in force by date."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import polars as pl
import sqlalchemy as sa

from citysync.domain.catalogue import MASTER, MasterCatalogue
from citysync.domain.errors import MasterError
from citysync.storage import tables
from citysync.storage.engine import Store
from citysync.storage.frames import slices
from citysync.storage.reading import master_in_force

_KEPT = 0.8  # 20 % fewer items than before need somebody's word for it
_MOST_NAMED = 5
_LISTS = frozenset(name for name, dtype in MASTER.items() if isinstance(dtype, pl.List))
_VERSION = tables.master_versions.c


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import brought: its version, its items, and against which version (None: the first)."""

    version: str
    effective_on: date
    items: int
    changed: int
    before: str | None


def save_master(
    store: Store,
    items: pl.DataFrame,
    *,
    effective_on: date,
    changed: Collection[str],
    source: str,
    now: datetime,
    version: str | None = None,
    shrink_reason: str | None = None,
) -> Imported:
    """Import a version of the master catalogue in one transaction.

    ``items``: frame ``MASTER``. ``changed``: codes added, altered or dropped against the version in force on
    ``effective_on`` (ignored for the first version, which starts no grace); they and the changes of the version before
    are kept with their days. ``shrink_reason`` accepts 20 % or more fewer items and is kept. ``version`` defaults to
    the effective date and a serial. Raises ``MasterError`` for a catalogue that is empty, has a code twice or shrank,
    and for a version name that is taken; then nothing is imported.
    """
    _refuse_empty(items, source)
    _refuse_duplicates(items, source)
    with store.writing(lock="master") as connection:
        before = connection.execute(master_in_force(effective_on)).first()
        if before is not None and not (shrink_reason or "").strip():
            _refuse_shrink(before, items.height, source)
        name = _free_name(connection, effective_on, version)
        facts = {"name": name, "effective_on": effective_on, "imported_at": now, "source": source}
        connection.execute(
            sa.insert(tables.master_versions), {**facts, "items": items.height, "shrink_reason": shrink_reason}
        )
        seq = connection.execute(sa.select(_VERSION.seq).where(_VERSION.name == name)).scalar_one()
        for rows in slices(items, MASTER, version_seq=seq):
            connection.execute(sa.insert(tables.master_items), rows)
        if before is not None:
            _save_changes(connection, before.seq, seq, dict.fromkeys(changed, effective_on))
    if before is None:
        return Imported(name, effective_on, items.height, 0, None)
    return Imported(name, effective_on, items.height, len(set(changed)), before.name)


def load_master(store: Store, on: date) -> MasterCatalogue:
    """Return the version in force on a day; raise ``MasterError`` if there is none or it has no items."""
    with store.reading() as connection:
        row = connection.execute(master_in_force(on)).first()
        if row is None:
            raise MasterError(_none_in_force(connection, on))
        return _catalogue(connection, row)


def load_version(store: Store, name: str) -> MasterCatalogue:
    """Return one version by name; raise ``MasterError`` if there is none of that name or it has no items."""
    with store.reading() as connection:
        row = connection.execute(sa.select(tables.master_versions).where(_VERSION.name == name)).first()
        if row is None:
            known = connection.scalars(sa.select(_VERSION.name).order_by(_VERSION.seq.desc()).limit(_MOST_NAMED))
            raise MasterError(f"没有名为 {name} 的基本目录版本；最近的版本：{'、'.join(known) or '无'}")
        return _catalogue(connection, row)


def items_of(store: Store, name: str, codes: Collection[str]) -> dict[str, dict[str, Any]]:
    """Return catalog_code → the item, of a few items of one version; a code it does not have has none."""
    item, version = tables.master_items, tables.master_versions.c
    query = (
        sa.select(*(item.c[key] for key in MASTER))
        .join(tables.master_versions, version.seq == item.c.version_seq)
        .where(version.name == name, item.c.catalog_code.in_(codes))
    )
    with store.reading() as connection:
        return {row["catalog_code"]: dict(row) for row in connection.execute(query).mappings()}


def _catalogue(connection: sa.Connection, row: sa.Row[Any]) -> MasterCatalogue:
    item, change = tables.master_items.c, tables.master_changes.c
    columns = [sa.type_coerce(item[name], sa.Text) if name in _LISTS else item[name] for name in MASTER]
    rows = connection.execute(sa.select(*columns).where(item.version_seq == row.seq).order_by(item.catalog_code))
    items = _items(rows.all())
    if items.is_empty():
        raise MasterError(f"基本目录版本 {row.name} 没有任何事项，不能据此评判；请重新运行 citysync master import")
    changes = connection.execute(
        sa.select(change.catalog_code, change.changed_on).where(change.version_seq == row.seq)
    ).all()
    return MasterCatalogue(
        row.name, row.effective_on, items, {change.catalog_code: change.changed_on for change in changes}
    )


def _items(rows: Sequence[Sequence[Any]]) -> pl.DataFrame:
    """Return rows as the frame ``MASTER``; their lists come as the JSON that is kept."""
    if not rows:
        return pl.DataFrame(schema=MASTER)
    columns = zip(MASTER.items(), zip(*rows, strict=True), strict=True)
    return pl.DataFrame(
        [
            _lists(name, values, dtype) if name in _LISTS else pl.Series(name, values, dtype=dtype)
            for (name, dtype), values in columns
        ]
    )


def _lists(name: str, kept: Sequence[str | None], dtype: pl.DataType) -> pl.Series:
    """Return lists from their JSON, each distinct one read once: a catalogue of 16,000 items has a handful."""
    places = {text: place for place, text in enumerate(dict.fromkeys(kept))}
    distinct = pl.Series(name, [None if text is None else json.loads(text) for text in places], dtype=dtype)
    return distinct.gather([places[text] for text in kept])


def _save_changes(connection: sa.Connection, before: int, seq: int, changed: dict[str, date]) -> None:
    """Carry the changes of the version before forward and add this version's own."""
    change = tables.master_changes.c
    carried = connection.execute(
        sa.select(change.catalog_code, change.changed_on).where(change.version_seq == before)
    ).all()
    days = {row.catalog_code: row.changed_on for row in carried} | changed
    if days:
        rows = [{"version_seq": seq, "catalog_code": code, "changed_on": day} for code, day in sorted(days.items())]
        connection.execute(sa.insert(tables.master_changes), rows)


def _free_name(connection: sa.Connection, effective_on: date, wanted: str | None) -> str:
    taken = set(connection.scalars(sa.select(_VERSION.name)))
    if wanted is None:
        names = (f"{effective_on.isoformat()}-{serial}" for serial in range(1, len(taken) + 2))
        return next(name for name in names if name not in taken)
    if not wanted.strip():
        raise MasterError("基本目录的版本名是空的；请用 --version 给出名称，或不写由系统命名")
    if wanted in taken:
        raise MasterError(f"基本目录版本 {wanted} 已存在，不能覆盖；请用 --version 换一个名称")
    return wanted


def _refuse_empty(items: pl.DataFrame, source: str) -> None:
    if items.is_empty():
        raise MasterError(f"{source} 里没有任何事项，未导入；请检查文件是否完整，原有版本继续有效")


def _refuse_duplicates(items: pl.DataFrame, source: str) -> None:
    codes = items.filter(pl.col("catalog_code").is_duplicated())["catalog_code"].unique().sort().to_list()
    if codes:
        named = "、".join(str(code) for code in codes[:_MOST_NAMED])
        raise MasterError(f"{source} 里有 {len(codes)} 个基本编码重复出现（{named}…），未导入；每个编码只能有一行")


def _refuse_shrink(before: sa.Row[Any], count: int, source: str) -> None:
    if count > before.items * _KEPT:
        return
    raise MasterError(
        f"{source} 只有 {count} 项，比现行版本 {before.name} 的 {before.items} 项少了"
        f" {1 - count / before.items:.0%}，未导入；确认无误请加 --accept-shrink --reason 原因"
    )


def _none_in_force(connection: sa.Connection, on: date) -> str:
    first = connection.scalar(sa.select(sa.func.min(_VERSION.effective_on)))
    if first is None:
        return "还没有导入基本目录，无法评判任何城市；请先运行 citysync master import FILE"
    return (
        f"{on} 尚无生效的基本目录（最早的版本 {first} 起生效）；请用 citysync master import --effective 导入更早的版本"
    )
