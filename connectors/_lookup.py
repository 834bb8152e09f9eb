"""Asking a source for single codes, and putting what it says into the place of what it said before."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import polars as pl

from citysync.domain import codes
from citysync.domain.city import City
from citysync.domain.memory import LastGood
from citysync.domain.recheck import LOOKED_UP, Keys
from citysync.domain.snapshot import Certificate, Grade, RawPage, Snapshot
from connectors import sql_table
from connectors._changing import ChangingSource, asked_whole
from connectors._door import Door
from connectors._http import HttpSource, asked_by
from connectors._mapping import plan_for
from connectors._mark import carried
from connectors._only import Only

MOST = 200  # beyond so many codes a whole pull asks less of the source
_WORST = (Grade.X, Grade.C, Grade.B)
Pull = Callable[[City, Door], Snapshot]


def can_look_up(city: City, keys: Keys) -> bool:
    """Return whether a source can be asked for exactly these codes."""
    source = city.source
    if len(keys) > MOST:
        return False
    if isinstance(source, sql_table.Source):
        return _has_parts(city) or not keys.catalog_codes or "catalog_code" in city.fields
    by_code = source.by_code if isinstance(source, HttpSource) else None
    if by_code is None:
        return False
    return all(
        param is not None or not asked
        for param, asked in ((by_code.task_code, keys.task_codes), (by_code.catalog_code, keys.catalog_codes))
    )


def look_up(city: City, door: Door, keys: Keys, base: LastGood, grade: Grade, pull: Pull) -> Snapshot:
    """Return the last good snapshot with the rows of some codes replaced by what the source says of them now.

    ``grade``: that of the last good snapshot. Rows from it have page 0. Raises ``SourceError`` as a pull does.
    """
    taken_at = door.now()
    parts = list(_parts(city, door, keys, base, pull))
    pages = tuple(page for part in parts for page in part.pages)
    if getattr(city.source, "changes", None) or getattr(city.source, "conditional", None):
        pages += carried(replace(door, base=base), max((page.number for page in pages), default=0) + 1)
    before = base.rows.whole
    kept = before.filter(~_asked_for(before, keys, city)).with_columns(page_no=pl.lit(0, dtype=pl.Int64))
    rows = pl.concat([kept, *(part.rows for part in parts)], how="diagonal")
    rows = rows.with_columns(row_no=pl.int_range(1, pl.len() + 1, dtype=pl.Int64)).select(before.columns)
    return Snapshot(
        city_code=city.code,
        taken_at=taken_at,
        rows=rows,
        pages=pages,
        certificate=_certificate(parts, rows, keys, base, grade),
        unknown_fields=tuple(sorted({*keys.unknown_fields, *(name for part in parts for name in part.unknown_fields)})),
        source_changed_at=max(
            (part.source_changed_at for part in parts if part.source_changed_at), default=base.changed_at
        ),
    )


def _parts(city: City, door: Door, keys: Keys, base: LastGood, pull: Pull) -> Iterator[Snapshot]:
    """Yield what the source says of the codes; pages are numbered on. A database is asked once for all of them."""
    source = city.source
    if isinstance(source, sql_table.Source):
        narrowed = city.model_copy(update={"source": _narrowed(city, source, keys, base)})
        part = pull(narrowed, door)
        yield replace(part, rows=part.rows.filter(_asked_for(part.rows, keys, city)))
        return
    if not isinstance(source, HttpSource) or source.by_code is None:
        raise ValueError(f"{city.code}：来源不能按编码查询")
    plain = asked_whole(source) if isinstance(source, ChangingSource) else source
    pages = 0
    for param, asked in (
        (source.by_code.task_code, keys.task_codes),
        (source.by_code.catalog_code, keys.catalog_codes),
    ):
        for code in asked:
            once = city.model_copy(update={"source": asked_by(plain, str(param), code)})
            part = pull(once, replace(door, keep=_numbered_on(door, pages)))
            pages += len(part.pages)
            yield part


def _narrowed(city: City, source: sql_table.Source, keys: Keys, base: LastGood) -> sql_table.Narrowed:
    """Return the source asked for the codes, also as they were written where the last good snapshot had them."""
    plan = plan_for(city, ("task_code", "catalog_code"))
    before = base.rows.whole
    sent = before.filter(_asked_for(before, keys, city))
    written = sent.get_column("task_code").drop_nulls().unique().sort() if "task_code" in sent.columns else ()
    only = Only(
        task_column=plan.paths["task_code"],
        catalog_column=plan.paths["catalog_code"],
        task_codes=keys.task_codes,
        catalog_codes=keys.catalog_codes,
        sent=tuple(written),
        parts=_has_parts(city),
    )
    keep = {name: getattr(source, name) for name in type(source).model_fields}
    return sql_table.Narrowed.model_validate({**keep, "changes": None, "only": only})


def _has_parts(city: City) -> bool:
    """Return whether a 实施编码 of the city holds the 基本编码."""
    return city.codes.scheme != "local"


def _numbered_on(door: Door, before: int) -> Callable[[bytes, int, str], RawPage]:
    return lambda data, number, url: door.keep(data, number + before, url)


def _asked_for(rows: pl.DataFrame, keys: Keys, city: City) -> pl.Expr:
    """Return which rows the codes asked for speak of."""
    nothing = pl.lit(None, dtype=pl.String)
    sent = {
        name: codes.folded(pl.col(name)) if name in rows.columns else nothing for name in ("task_code", "catalog_code")
    }
    task_code = sent["task_code"]
    catalog_code = sent["catalog_code"]
    if _has_parts(city):
        task_code = codes.task_code_part(task_code)
        catalog_code = pl.coalesce(catalog_code, codes.catalog_part(task_code))
    spoken_of = task_code.is_in(list(keys.task_codes)) | catalog_code.is_in(list(keys.catalog_codes))
    return spoken_of.fill_null(value=False)


def _certificate(parts: list[Snapshot], rows: pl.DataFrame, keys: Keys, base: LastGood, grade: Grade) -> Certificate:
    grades = {grade, *(part.certificate.grade for part in parts)}
    return Certificate(
        grade=next((each for each in _WORST if each in grades), Grade.B),
        declared=None,
        received=rows.height,
        distinct=rows.height,
        pages=sum(part.certificate.pages for part in parts),
        proof=f"以 {base.on} 的快照为底，{LOOKED_UP} {len(keys)} 个编码",
        problems=tuple(dict.fromkeys(problem for part in parts for problem in part.certificate.problems)),
    )
