"""A snapshot's rows, each accepted, rejected or merged with its twin; none is lost."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import polars as pl

from citysync.domain import codes, items
from citysync.domain.city import City
from citysync.domain.errors import ConfigError, NotProved
from citysync.domain.outcome import Validation
from citysync.domain.settled import Settled
from citysync.domain.snapshot import Snapshot
from schemas import values
from schemas.proof import refuse_blind_pandera
from schemas.reading import typed_keys
from schemas.room import Judged, Setting, divisions_on, judged
from schemas.rules import task_code_pattern

# What may differ between two rows that say the same: where they stood and how they travelled.
TRAVEL = frozenset({"row_guid", "cd_batch", "cd_operation", "cd_time", "data_source"})


def validate(snapshot: Snapshot, city: City, on: date) -> Validation:
    """Return every row of a snapshot as accepted, rejected or merged; ``on`` decides which divisions are in force.

    Raises ConfigError where the city's file cannot be right (a value map that means nothing of ours, a pattern that
    is none) and NotProved where our own casting or counting is wrong.
    """
    setting = setting_of(snapshot, city, on)
    return whole(snapshot, setting, judged(with_numbers(snapshot.rows), setting))


def setting_of(snapshot: Snapshot, city: City, on: date) -> Setting:
    """Return what a snapshot's rows are validated by; raise ConfigError where the city's file cannot be right."""
    refuse_blind_pandera()
    values.refuse_foreign_meanings(city)
    _refuse_broken_pattern(city)
    columns = tuple(name for name in items.NAMES if name in snapshot.rows.columns)
    return Setting(city, divisions_on(city, on), columns, snapshot.unknown_fields)


def whole(snapshot: Snapshot, setting: Setting, found: Judged, settled: Settled | None = None) -> Validation:
    """Return the validation of a snapshot of what was found of its rows: twins merged, every row accounted for.

    ``settled``: the rows that ``found`` says nothing of; none of them shares its key with another.
    """
    rows = found.comparable
    accepted = without_twins(rows if rows["row_no"].is_sorted() else rows.sort("row_no"))
    validation = Validation(
        accepted=accepted,
        rejected=found.rejected,
        notes=found.notes,
        absent=frozenset(items.NAMES) - frozenset(setting.columns),
        received=snapshot.rows.height,
        rejected_rows=found.rejected["row_no"].n_unique(),
        duplicate=rows.height - accepted.height,
        settled=settled,
    )
    account(validation, setting.city)
    return validation


def together(snapshot: Snapshot, city: City, numbers: pl.Series) -> Snapshot:
    """Return a snapshot of some rows (by ``row_no``) and of all that share a key with one of them.

    Every rule looks at one row by itself, and rows meet by their keys alone: what ``validate`` says of these rows is
    what it says of them in the whole snapshot.
    """
    rows = with_numbers(snapshot.rows)
    asked = pl.col("row_no").is_in(numbers.implode())
    wanted = typed_keys(rows.filter(asked), city).select(items.KEY).unique()
    read = typed_keys(rows.filter(asked | _may_be(wanted.get_column("task_code"), rows, city)), city)
    kin = read.join(wanted, on=items.KEY, how="semi", nulls_equal=True).get_column("row_no")
    return replace(snapshot, rows=rows.filter(pl.col("row_no").is_in(kin.implode())))


def _may_be(task_codes: pl.Series, rows: pl.DataFrame, city: City) -> pl.Expr:
    """Return whether a row can turn out to have one of some codes, without reading every code as it will be read.

    A code of plain letters and digits is read as it stands; whatever else was sent is only told by reading it.
    """
    if "task_code" not in rows.columns or task_codes.null_count() or not city.values.keys().isdisjoint(items.KEY):
        return pl.lit(value=True)
    sent, wanted = pl.col("task_code"), task_codes.str.to_uppercase()
    begun = codes.task_code_part(sent).str.to_uppercase() if city.codes.scheme != "local" else sent.str.to_uppercase()
    return begun.is_in(wanted.implode()) | ~sent.str.contains(r"^[0-9A-Za-z]+$")


def without_twins(rows: pl.DataFrame) -> pl.DataFrame:
    """Return rows in their order, of several that say the same only the first.

    Only rows that share a key are compared in full: in a healthy directory that is none.
    """
    said = [name for name in items.NAMES if name not in TRAVEL]
    places = shared_keys(rows).arg_true()
    some = rows[places].with_columns(place=places)
    first = some.unique(said, keep="first").get_column("place")
    if first.len() == places.len():
        return rows
    stays = pl.repeat(value=True, n=rows.height, dtype=pl.Boolean, eager=True)
    return rows.filter(stays.scatter(places, values=False).scatter(first, values=True))


def shared_keys(rows: pl.DataFrame) -> pl.Series:
    """Return which rows share their key with another: most directories have few, which one column tells."""
    first, _ = items.KEY
    nowhere = pl.repeat(value=False, n=rows.height, dtype=pl.Boolean, eager=True)
    if rows[first].n_unique() == rows.height:
        return nowhere
    places = rows[first].is_duplicated().arg_true()
    several = rows.select(items.KEY)[places].select(pl.struct(items.KEY).is_duplicated()).to_series()
    return nowhere.scatter(places.filter(several), values=True)


def account(validation: Validation, city: City) -> None:
    """Raise NotProved unless every row received is accepted, rejected or merged, and in one way only."""
    accepted, rejected, merged = validation.accepted_rows, validation.rejected_rows, validation.duplicate
    if validation.received != accepted + rejected + merged:
        raise NotProved(
            f"{city.name}（{city.code}）行数对不上，这是本系统的缺陷，请报告开发者："
            f"收到 {validation.received} 行 ≠ 接受 {accepted} + 拒收 {rejected} + 合并 {merged}"
        )


def with_numbers(rows: pl.DataFrame) -> pl.DataFrame:
    """Return a frame without rows as one with ``row_no`` and ``page_no``; any other as it is."""
    if rows.height or "row_no" in rows.columns:
        return rows
    return pl.DataFrame(schema={"row_no": pl.Int64(), "page_no": pl.Int64(), **rows.schema})


def _refuse_broken_pattern(city: City) -> None:
    try:
        pl.Series([""]).str.contains(task_code_pattern(city))
    except pl.exceptions.ComputeError as error:
        raise ConfigError(
            f"cities/{city.code}.toml（{city.name}）：[codes] pattern = '{city.codes.pattern}' 不是可用的正则表达式；"
            "不支持前后查找与反向引用，请改写"
        ) from error
