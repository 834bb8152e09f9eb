"""Which rows need not be looked at again, and what that rests on (see ``citysync.domain.settled``). Pure."""

from __future__ import annotations

import hashlib
import json
from array import array
from collections.abc import Sequence
from dataclasses import asdict, fields, replace
from datetime import date
from functools import lru_cache

import polars as pl

from citysync.domain import codes, items
from citysync.domain.catalogue import ITEM, MasterCatalogue
from citysync.domain.city import City
from citysync.domain.errors import NotProved
from citysync.domain.identity import Identity, Scope, in_force
from citysync.domain.program import digest_of
from citysync.domain.row_hashes import KEY, ROW, row_hashes
from citysync.domain.run import RULES_VERSION
from citysync.domain.settled import BODY, KIND, KINDS, SETTLED, TYPED, Settled, kinds_of, typed_key
from citysync.reconciliation.match import Match
from citysync.reconciliation.reconcile import Reconciliation
from citysync.reconciliation.tally import counted_by_row

_BETWEEN, _NULL = "\x1f", "\x1e"


def basis_of(master: MasterCatalogue, identities: Sequence[Identity], on: date) -> str:
    """Return the digest of all that a comparison reads beside a city's rows and what validation reads already.

    Of a day: which items of the master are cancelled by then, and which changes of identity are in force. All else
    that a day decides (whom an item obliges, grace, exemptions) says nothing of a row that is there and right.
    """
    cancelled = master.items.filter(pl.col("plan_cancel_date") <= on).get_column("catalog_code")
    told = {
        "rules": RULES_VERSION,
        "program": digest_of("citysync.reconciliation", "citysync.reconciliation.checks", "citysync.domain"),
        "polars": pl.__version__.split(".")[:2],
        "master": _content(master),
        "cancelled": cancelled.to_list(),
        "identities": [asdict(each) for each in in_force(identities, Scope.CATALOG, on)],
    }
    return hashlib.sha256(json.dumps(told, default=str, ensure_ascii=False).encode()).hexdigest()


def settle(
    match: Match, findings: pl.DataFrame, clean: pl.DataFrame, city: City, basis: str
) -> tuple[Settled, pl.Series]:
    """Return the settled rows of a night, and the ``row_no`` of those that became so: the others were before.

    ``clean``: ``row_no``, ``key_hash`` and ``row_hash`` of rows accepted without a word, alone with their key as read.
    Of a city whose file maps its codes none is settled: what the rows' own text says of them is then not what counts.
    """
    before = match.settled or Settled(basis, pl.DataFrame(schema=SETTLED), pl.DataFrame(schema=KINDS))
    rows = _silent(match, findings, clean)
    if rows.is_empty() or not city.values.keys().isdisjoint(items.KEY):
        return replace(before, at=None), rows.get_column("row_no").clear()
    kinds, kind = kinds_of(_counted(rows, national=match.national), before.kinds)
    hashes = rows.select("row_no").join(clean, on="row_no", how="left", maintain_order="left")
    fresh = hashes.with_columns(
        typed_key(rows).alias(TYPED), rows.get_column(f"master_{ITEM}").alias(ITEM), kind.alias(KIND)
    )
    fresh = fresh.filter(~pl.col(KEY).is_duplicated()).select("row_no", *SETTLED)
    taken = before.rows.get_column(KEY)
    taken = taken.filter(taken.is_in(fresh.get_column(KEY).implode()))
    fresh = fresh.filter(~pl.col(KEY).is_in(taken.implode()))
    every = before.rows.merge_sorted(fresh.select(list(SETTLED)).sort(KEY), key=KEY)
    return Settled(basis, every, kinds), fresh.get_column("row_no")


def refuse_difference(short: Reconciliation, whole: Reconciliation, city: City) -> None:
    """Raise NotProved where a comparison that left settled rows out says anything else than one of all rows."""
    differing = [each.name for each in fields(Reconciliation) if _told(short, each.name) != _told(whole, each.name)]
    if differing:
        raise NotProved(
            f"{city.name}（{city.code}）只核对有变化的行与全部重新核对的结果不一致（{'、'.join(differing)}），"
            "这是本系统的缺陷，请报告开发者；已知的行作废，下次运行将全部重新核对"
        )


def _told(found: Reconciliation, name: str) -> object:
    """Return what a comparison says under a name: of names, those of rows that findings speak of."""
    told = getattr(found, name)
    if name == "names":
        told = told.join(found.findings, on=[*items.KEY, "catalog_code"], how="semi", nulls_equal=True)
    return sorted(map(repr, told.iter_rows())) if isinstance(told, pl.DataFrame) else told


def _silent(match: Match, findings: pl.DataFrame, clean: pl.DataFrame) -> pl.DataFrame:
    """Return the rows the master has of which no check and no note says anything: a row read otherwise is told."""
    spoken = findings.select(items.KEY).drop_nulls("task_code").unique()
    rows = match.paired.filter(pl.col("row_no").is_in(clean.get_column("row_no").implode()))
    near = pl.col("task_code").is_in(spoken.get_column("task_code").implode())  # few are spoken of: most need no join
    silent = rows.filter(near).join(spoken, on=items.KEY, how="anti", nulls_equal=True)
    return pl.concat([rows.filter(~near), silent])


def _counted(rows: pl.DataFrame, *, national: bool) -> pl.DataFrame:
    """Return the columns of KINDS of rows, in their order."""
    code, nobody = pl.col("task_code"), pl.repeat(None, pl.len(), dtype=pl.String)
    body = pl.when(code.str.contains(codes.TASK_CODE)).then(codes.uscc_part(code)) if national else nobody
    return counted_by_row(rows).with_columns(rows.select(body.alias(BODY)).to_series()).select(list(KINDS))


@lru_cache(maxsize=1)
def _content(master: MasterCatalogue) -> str:
    """Return the digest of the master's items, in their order: of their rows' hashes, every value as text."""
    texts = (
        pl.col(name).list.eval(pl.element().fill_null(_NULL)).list.join(_BETWEEN)
        if isinstance(dtype, pl.List)
        else pl.col(name).cast(pl.String)
        for name, dtype in master.items.schema.items()
    )
    hashes = row_hashes(master.items.select(texts)).get_column(ROW).to_list()
    return hashlib.sha256(array("Q", hashes).tobytes()).hexdigest()
