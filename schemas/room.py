"""What becomes of some rows by themselves: read, judged by every rule, noted, proved. Twins are found elsewhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import polars as pl

from citysync.domain.city import City
from citysync.domain.divisions import regions_of
from citysync.domain.successions import divided, single_heirs
from schemas.directory import DIRECTORY, Directory, NationalDirectory
from schemas.findings import Rejections
from schemas.looks import look, plain_rows
from schemas.notes import NOTES, notes
from schemas.proof import at_once, prove
from schemas.reading import typed_rows
from schemas.rules import rejections, rules

_PROOFS = {"local": (Directory, at_once(Directory)), "gbt39554": (NationalDirectory, at_once(NationalDirectory))}
_REJECTED = (Rejections, at_once(Rejections))


@dataclass(frozen=True)
class Divisions:
    """Everything of a day that validation reads: nothing else here may depend on when it runs.

    ``regions``: the divisions a city answers for, itself first; ``heirs``: codes of divisions that are no more → the
    region that stands for each; ``split``: divisions that are no more → the several that followed.
    """

    regions: tuple[str, ...]
    heirs: Mapping[str, str]
    split: Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class Setting:
    """What rows are validated by: the city's file, the divisions of the day, the columns and fields the source has."""

    city: City
    divisions: Divisions
    columns: tuple[str, ...]
    unknown: tuple[str, ...] = ()


@dataclass(frozen=True)
class Judged:
    """Rows by what became of them: ``comparable`` (typed, twins included), ``rejected``, ``notes``.

    ``plain``: the ``row_no`` of rows in which no text or code has to be read a second time.
    """

    comparable: pl.DataFrame
    rejected: pl.DataFrame
    notes: pl.DataFrame
    plain: pl.Series


def divisions_on(city: City, on: date) -> Divisions:
    """Return what a day says of a city's divisions."""
    regions = tuple(code for code, _ in regions_of(city, on))
    heirs = {old: heir for old, heir in single_heirs(on).items() if heir in regions and old not in regions}
    return Divisions(regions, heirs, divided(on))


def judged(rows: pl.DataFrame, setting: Setting, known: pl.Series | None = None) -> Judged:
    """Return what becomes of rows; raise NotProved where pandera finds our own casting wrong.

    ``known``: which rows were validated before without a word, by the same setting; they are typed and no more.
    """
    city, days, columns = setting.city, setting.divisions, setting.columns
    changed = None if known is None else rows.filter(~known)
    shown, looks = look(rows, city, changed)
    read = typed_rows(shown, looks, city, days.regions, days.heirs)
    doubtful = read if known is None else read.filter(~known)
    found = rejections(doubtful, rules(city, days.regions, columns, days.split, looks, setting.unknown))
    rejected = prove(found, *_REJECTED) if found.height else found
    fresh = _without(doubtful, rejected)
    typed = fresh.select(list(DIRECTORY)) if known is None else _without(read.select(list(DIRECTORY)), rejected)
    if fresh.height:
        prove(fresh.select(list(DIRECTORY)), *_PROOFS[city.codes.scheme])
    return Judged(
        typed,
        rejected,
        notes(fresh, looks, city, columns, days.heirs) if fresh.height else pl.DataFrame(schema=NOTES),
        shown["row_no"].filter(plain_rows(shown, looks)),
    )


def _without(rows: pl.DataFrame, rejected: pl.DataFrame) -> pl.DataFrame:
    if rejected.is_empty():
        return rows
    return rows.filter(~pl.col("row_no").is_in(rejected["row_no"].unique().implode()))
