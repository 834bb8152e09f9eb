"""The life of a finding across runs: opened when first seen, confirmed, closed when a run no longer sees it.

Only a run that judged the city says anything. One whose snapshot is not proved complete (grade C) says nothing about
absences, and nothing about a row that did not come with it: what it did not see may still be there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from citysync.domain import codes

# What makes two findings of one city the same difference on two nights; a rejected row has its rule for a check.
IDENTITY = ("check", "areacode", "catalog_code", "task_code", "task_handle_item", "field")
ABSENCES = frozenset({"unclaimed"})
BESIDE = ("first_seen_on", "confirmed_on", "reopened_on", "age_workdays")  # keys shown with a finding
REJECTED = "rejected"  # the severity under which a rejected row is remembered

FOUND: dict[str, pl.DataType] = {
    **dict.fromkeys(IDENTITY, pl.String()),
    "severity": pl.String(),
    "suspected": pl.Boolean(),
}
OPEN: dict[str, pl.DataType] = {"seq": pl.Int64(), **dict.fromkeys(IDENTITY, pl.String()), "confirmed": pl.Boolean()}


@dataclass(frozen=True)
class Turn:
    """What one run changes: ``opened`` (frame ``FOUND``); by ``seq`` the lives seen again, confirmed and closed."""

    opened: pl.DataFrame
    seen: tuple[int, ...]
    confirmed: tuple[int, ...]
    closed: tuple[int, ...]


def found_in(findings: pl.DataFrame, rejected: pl.DataFrame) -> pl.DataFrame:
    """Return what a run saw, each difference once (frame ``FOUND``); it is suspected only if nothing says more."""
    refused = identified(rejected).with_columns(severity=pl.lit(REJECTED), suspected=pl.lit(value=False))
    return each_once(pl.concat([findings.select(FOUND.keys()), refused]))


def identified(rejected: pl.DataFrame) -> pl.DataFrame:
    """Return rejected rows as they are told apart (columns ``IDENTITY``): by rule, code and field."""
    nothing = pl.lit(None, dtype=pl.String)
    known = {"check": "rule", "task_code": "task_code", "field": "field"}
    return rejected.select(**{name: pl.col(known[name]) if name in known else nothing for name in IDENTITY})


def each_once(seen: pl.DataFrame) -> pl.DataFrame:
    """Return the frame ``FOUND`` with each identity once."""
    return seen.group_by(IDENTITY, maintain_order=True).agg(pl.col("severity").first(), pl.col("suspected").all())


def turn(lives: pl.DataFrame, found: pl.DataFrame, came: pl.Series | None) -> Turn:
    """Return what a run that judged the city changes.

    ``lives``: the open ones before it (frame ``OPEN``); ``found``: what it saw (frame ``FOUND``); ``came``: codes of
    the rows that came where nothing proves that all of them did, None where the snapshot is proved complete.
    """
    gone = lives.join(found, on=IDENTITY, how="anti", nulls_equal=True)
    if came is not None:
        known = pl.col("task_code").is_null() | pl.col("task_code").is_in(came.implode())
        gone = gone.filter(~pl.col("check").is_in(ABSENCES) & known)
    sure = found.filter(~pl.col("suspected"))
    confirmed = lives.filter(~pl.col("confirmed")).join(sure, on=IDENTITY, how="semi", nulls_equal=True)
    return Turn(
        opened=found.join(lives, on=IDENTITY, how="anti", nulls_equal=True),
        seen=_numbers(lives.join(found, on=IDENTITY, how="semi", nulls_equal=True)),
        confirmed=_numbers(confirmed),
        closed=_numbers(gone),
    )


def codes_of(rows: pl.DataFrame) -> pl.Series:
    """Return every code a snapshot's rows may be known by: as sent, cleaned, and the 31 characters of a longer one."""
    if "task_code" not in rows.columns:
        return pl.Series(dtype=pl.String)
    sent, cleaned = pl.col("task_code"), codes.folded(pl.col("task_code"))
    every = rows.select(pl.concat_list(sent, cleaned, codes.task_code_part(cleaned)).alias("code"))
    return every.get_column("code").explode().drop_nulls().unique()


def _numbers(lives: pl.DataFrame) -> tuple[int, ...]:
    return tuple(lives.get_column("seq").sort())


def identity_of(row: Mapping[str, object]) -> tuple[object, ...]:
    """Return the identity of one row of findings or lives."""
    return tuple(row[name] for name in IDENTITY)
