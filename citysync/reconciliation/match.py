"""Bringing a city's rows and the master catalogue together, once, before any check asks anything."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache

import polars as pl

from citysync.domain import items, vocabulary
from citysync.domain.catalogue import ITEM, MasterCatalogue
from citysync.domain.city import City
from citysync.domain.errors import MasterError
from citysync.domain.identity import Identity
from citysync.domain.narrowing import narrowed
from citysync.domain.outcome import Validation
from citysync.domain.settled import Settled
from citysync.reconciliation import depth
from citysync.reconciliation.identity_applied import read_as_confirmed
from citysync.reconciliation.obligations import DIVISION_LENGTH, due_in, levelled, parents_of, without_exempt
from citysync.reconciliation.texts import differing_texts

NATIONAL_SCHEME = "gbt39554"
DEPTH = "online_handle_depth"
_DUTY = ["areacode", "catalog_code"]


@dataclass(frozen=True)
class Match:
    """One city's rows against one version of the master, as every check sees them.

    ``judged``: the chosen rows in use that are not in conflict, one per (task_code, task_handle_item): the columns of
    ``Validation.accepted`` and each master column and ``item`` as ``master_…`` (null where the master lacks the
    code), with ``catalog_code`` as confirmed and ``sent_catalog_code`` as sent (the same but for a confirmed change of
    identity), and behind ``online_handle_depth`` of either side ``…_scale`` and ``…_step`` (``depth``);
    ``paired``: those the master has; ``overclaimed``: those it neither has nor knows as a main item;
    ``texts``: names and legal bases of ``paired`` that differ as written: ``PLACE`` and ``same_meaning`` (Boolean);
    ``parents``: catalog_code, sub_codes (sorted, joined by ","; null if none is listed);
    ``superseded``: rows still in use though a newer version exists, with ``highest_version``;
    ``conflicts``: rows whose highest version came more than once with different content;
    ``duties``: areacode, catalog_code, item of every obligation; ``unclaimed``: areacode, catalog_code of those nobody
    meets; ``due`` and ``met`` count them, ``exempted`` those lifted;
    ``settled``: rows that are in none of these frames: the master has them, they meet what they can, nothing is wrong;
    ``absent``: canonical columns the source does not have; ``national``: are the codes GB/T 39554's;
    ``asked_as``: our column → what the city's file calls it.
    """

    master: MasterCatalogue
    on: date
    national: bool
    judged: pl.DataFrame
    paired: pl.DataFrame
    overclaimed: pl.DataFrame
    texts: pl.DataFrame
    parents: pl.DataFrame
    superseded: pl.DataFrame
    conflicts: pl.DataFrame
    duties: pl.DataFrame
    unclaimed: pl.DataFrame
    due: int
    met: int
    absent: frozenset[str]
    unknown_fields: tuple[str, ...] = ()
    exempted: int = 0
    asked_as: Mapping[str, str] = field(default_factory=dict)
    settled: Settled | None = None

    def has(self, column: str) -> bool:
        """Return whether the source has a column at all; an absent one is one note, not a finding per row."""
        return column not in self.absent


def match(
    validation: Validation, master: MasterCatalogue, city: City, on: date, identities: Sequence[Identity] = ()
) -> Match:
    """Return a city's accepted rows, read as confirmed, matched with the master as it stands on a day.

    Raises MasterError if the master holds a code twice: a join would then multiply rows.
    """
    asked = _prepared(master, on)
    read, stands_for = read_as_confirmed(validation.accepted, master.items, identities, on)
    rows = _with_highest_version(read)
    newest = rows.filter(pl.col("task_version").eq_missing(pl.col("highest_version")))
    newest = newest.with_columns(contenders=pl.len().over(items.KEY))
    conflicts = newest.filter(pl.col("contenders") > 1)
    chosen = newest.filter((pl.col("contenders") == 1) & _in_use())
    judged = _beside_master(chosen.drop("contenders", "highest_version"), asked.beside)
    known = pl.col("master_catalog_code").is_not_null()
    paired = judged.filter(known)
    obligations = without_exempt(every := due_in(asked.levelled, city, on), city, on)
    left = _left_by(validation.settled, obligations, master)
    unclaimed = left.select(_DUTY).join(_met(chosen, conflicts, stands_for), on=_DUTY, how="anti")
    return Match(
        master=master,
        on=on,
        national=city.codes.scheme == NATIONAL_SCHEME,
        judged=judged,
        paired=paired,
        overclaimed=_foreign(judged.filter(~known), asked.parents, stands_for),
        texts=differing_texts(paired),
        parents=asked.parents,
        superseded=rows.filter(pl.col("task_version").ne_missing(pl.col("highest_version")) & _in_use()),
        conflicts=conflicts,
        duties=obligations,
        unclaimed=unclaimed,
        due=obligations.height,
        met=obligations.height - unclaimed.height,
        absent=validation.absent,
        exempted=every.height - obligations.height,
        asked_as=city.fields,
        settled=validation.settled,
    )


@dataclass(frozen=True)
class _Prepared:
    """What every city of a night asks of the master.

    ``beside``: every column as ``master_…``, with the scale and step of the depth; ``parents``: as of a ``Match``;
    ``levelled``: whom the items in force oblige.
    """

    beside: pl.DataFrame
    parents: pl.DataFrame
    levelled: pl.DataFrame


@lru_cache(maxsize=1)
def _prepared(master: MasterCatalogue, on: date) -> _Prepared:
    _refuse_repeated_codes(master)
    parents = parents_of(master.items)
    placed = master.items.with_row_index(ITEM)
    beside = depth.beside(placed, DEPTH).select(pl.all().name.prefix("master_"))
    return _Prepared(beside, parents, levelled(master.items, parents, on))


def _refuse_repeated_codes(master: MasterCatalogue) -> None:
    codes = master.items.get_column("catalog_code")
    repeated = codes.filter(codes.is_duplicated()).unique().sort()
    if not repeated.is_empty():
        raise MasterError(
            f"基本目录 {master.version} 中基本编码 {repeated[0]} 出现多次（共 {repeated.len()} 个编码重复）："
            "请每个编码只留一行后重新导入"
        )


def _with_highest_version(accepted: pl.DataFrame) -> pl.DataFrame:
    """Return the rows with the highest version of their key; a null version is the lowest."""
    return accepted.with_columns(highest_version=pl.col("task_version").max().over(items.KEY))


def _in_use() -> pl.Expr:
    return pl.col("task_state").is_null() | (pl.col("task_state") == vocabulary.IN_USE)


def _beside_master(rows: pl.DataFrame, master: pl.DataFrame) -> pl.DataFrame:
    rows, master = depth.beside(rows, DEPTH), narrowed(master, "master_catalog_code", rows.get_column("catalog_code"))
    return rows.join(master, left_on="catalog_code", right_on="master_catalog_code", how="left", coalesce=False)


def _foreign(unknown: pl.DataFrame, parents: pl.DataFrame, stands_for: pl.DataFrame) -> pl.DataFrame:
    """Return the rows that are neither main items nor, as confirmed, the whole of items the master split."""
    others = unknown.join(parents, on="catalog_code", how="anti")
    if stands_for.is_empty():
        return others
    return others.join(stands_for, left_on="catalog_code", right_on="sent", how="anti")


def _left_by(settled: Settled | None, obligations: pl.DataFrame, master: MasterCatalogue) -> pl.DataFrame:
    return obligations if settled is None else settled.unmet(obligations, master.items.height)


def _met(chosen: pl.DataFrame, conflicts: pl.DataFrame, stands_for: pl.DataFrame) -> pl.DataFrame:
    """Return (areacode, catalog_code) of what is there, once or more, and of the parts that a whole stands for."""
    present = _present(chosen, conflicts)
    if stands_for.is_empty():
        return present
    parts = present.join(stands_for, left_on="catalog_code", right_on="sent", how="inner")
    return pl.concat([present, parts.select("areacode", catalog_code="read").unique()])


def _present(chosen: pl.DataFrame, conflicts: pl.DataFrame) -> pl.DataFrame:
    """Return (areacode, catalog_code) of every row in use; of a row in conflict one knows at least that it is there."""
    place = (pl.col("areacode").str.slice(0, DIVISION_LENGTH), pl.col("catalog_code"))
    return pl.concat([chosen.select(place), conflicts.filter(_in_use()).select(place)])
