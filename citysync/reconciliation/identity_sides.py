"""Where changes of identity show: a city's codes against the master's, and last night's rows against today's.

Sent codes stand as ``before``, what the master has for them as ``after``: that is the way a confirmed change is read.
"""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from citysync.domain import codes
from citysync.domain.identity import PROPOSALS, UNITS, Change, Scope, no_proposals
from citysync.reconciliation.identity import propose
from citysync.reconciliation.identity_names import KeysOf
from citysync.reconciliation.match import Match
from citysync.reconciliation.normalise import normalised
from citysync.reconciliation.turnover import Turnover

_MOVED = 0.8  # of a body's items must stand under the new code
_BODY_AT_LEAST = 3
_ROW = ("task_code", "task_handle_item", "task_name")
_HELD = ("catalog_code", "body")


def identity_changes(match: Match, moved: Turnover | None) -> pl.DataFrame:
    """Return the frame ``PROPOSALS`` of one city; ``moved``: its last good night beside this one, None without one.

    Only for a snapshot proved complete: otherwise what was cut off would look like what vanished.
    """
    but = None if match.settled is None else match.settled.at
    earlier = _earlier(moved.earlier(_ROW, but)) if moved is not None and match.national else None
    found = [_against_master(match, earlier)]
    if earlier is not None:
        staying = pl.Series(dtype=pl.String) if match.settled is None else match.settled.bodies
        found += [_bodies_that_moved(match.judged, earlier, staying), _renamed(match.judged, earlier)]
    return pl.concat(found)


def _earlier(rows: pl.DataFrame) -> pl.DataFrame:
    """Return task_code, task_handle_item, task_name, catalog_code, body of rows as text; other codes are left out.

    A code of 33 characters is both codes, as validation reads it. ``alike``: whether the row says what it said.
    """
    sent = {name: pl.col(name) if name in rows.columns else pl.lit(None, dtype=pl.String) for name in _ROW}
    folded = [codes.folded(sent[name]).alias(name) for name in _ROW[:2]]  # once: each part below would do it again
    whole = pl.col("task_code")
    return (
        rows.select(*folded, sent["task_name"].alias("task_name"), "alike")
        .select(
            task_code=codes.task_code_part(whole),
            task_handle_item=pl.coalesce("task_handle_item", codes.handle_item_part(whole)),
            task_name="task_name",
            catalog_code=codes.catalog_part(whole),
            body=codes.uscc_part(whole),
            alike="alike",
        )
        .filter(pl.col("task_code").str.contains(codes.TASK_CODE))
    )


def _against_master(match: Match, earlier: pl.DataFrame | None) -> pl.DataFrame:
    """Return what the city's foreign or cancelled codes may be among the items it does not have."""
    cancelled = match.paired.filter(pl.col("master_plan_cancel_date") <= match.on)
    foreign = pl.concat([match.overclaimed, cancelled])
    if foreign.is_empty() or match.unclaimed.is_empty():
        return no_proposals()
    absent = match.master.of(match.unclaimed.get_column("catalog_code"))
    absent = absent.join(match.unclaimed, on="catalog_code", how="semi")
    theirs = None if earlier is None else _with_settled(earlier.select(_HELD), match, absent.get_column("catalog_code"))
    staying = KeysOf(_names_but(match.master.items, absent))
    found = propose(_sent(foreign, national=match.national), _mastered(absent, theirs), staying=staying)
    return _where_it_helps(found, foreign, match.unclaimed)


def _names_but(items: pl.DataFrame, absent: pl.DataFrame) -> Iterator[str | None]:
    """Yield the names of the other items; nothing is looked for before somebody asks."""
    yield from items.join(absent, on="catalog_code", how="anti").get_column("task_name")


def _with_settled(held: pl.DataFrame, match: Match, wanted: pl.Series) -> pl.DataFrame:
    """Return which body held which code last night, settled rows of wanted codes included: they say what they said."""
    if match.settled is None:
        return held
    return pl.concat([held, match.settled.held(match.master.items.get_column("catalog_code"), wanted)])


def _sent(rows: pl.DataFrame, *, national: bool) -> pl.DataFrame:
    body = codes.uscc_part(pl.col("task_code")) if national else pl.lit(None, dtype=pl.String)
    rows = rows.sort(pl.col("task_handle_item").is_not_null(), "task_code")
    return (
        rows.group_by("catalog_code", maintain_order=True)
        .agg(
            name=pl.coalesce("catalog_name", "task_name").first(),
            task_type=pl.col("task_type").first(),
            dept_name=pl.col("dept_name").first(),
            bodies=body.drop_nulls().unique().sort(),
        )
        .select(**{name: pl.col("catalog_code" if name == "code" else name) for name in UNITS})
    )


def _mastered(items: pl.DataFrame, earlier: pl.DataFrame | None) -> pl.DataFrame:
    """Return master items as units; their bodies are those that sent them last night."""
    held = pl.DataFrame(schema={"catalog_code": pl.String, "bodies": pl.List(pl.String)})
    if earlier is not None:
        theirs = earlier.join(items, on="catalog_code", how="semi")
        held = theirs.group_by("catalog_code").agg(bodies=pl.col("body").unique().sort())
    nobody = pl.lit([], dtype=pl.List(pl.String))
    beside = items.join(held, on="catalog_code", how="left").with_columns(bodies=pl.col("bodies").fill_null(nobody))
    return beside.select(
        code="catalog_code", name="task_name", task_type="task_type", dept_name="dept_name", bodies="bodies"
    )


def _where_it_helps(found: pl.DataFrame, foreign: pl.DataFrame, unclaimed: pl.DataFrame) -> pl.DataFrame:
    """Leave out what concerns other regions on each side; say in how many regions the rest would count."""
    there = dict(foreign.group_by("catalog_code").agg(pl.col("areacode").str.head(6).unique()).iter_rows())
    due = dict(unclaimed.group_by("catalog_code").agg(pl.col("areacode").unique()).iter_rows())
    shared = [
        len({area for code in before for area in there.get(code, ())} & {area for code in after for area in due[code]})
        for before, after in found.select("before", "after").iter_rows()
    ]
    counted = found.with_columns(shared=pl.Series(shared, dtype=pl.Int64)).filter(pl.col("shared") > 0)
    evidence = pl.format("{}；{} 个地区缺此项而报了彼项", "evidence", "shared")
    return counted.with_columns(evidence=evidence).select(list(PROPOSALS))


def _bodies_that_moved(today: pl.DataFrame, earlier: pl.DataFrame, staying: pl.Series) -> pl.DataFrame:
    """Return bodies that are gone whole and whose items stand under one body that is new whole.

    ``staying``: bodies of rows that both nights have, though they are not among these.
    """
    now = today.select("catalog_code", "dept_name", body=codes.uscc_part(pl.col("task_code")))
    then, here = (pl.concat([night.get_column("body").unique(), staying]) for night in (earlier, now))
    gone = _without(earlier.select("body", "catalog_code"), then, here).unique()
    come = _without(now, here, then).unique(("body", "catalog_code"))
    size = gone.group_by("body").agg(items=pl.len()).filter(pl.col("items") >= _BODY_AT_LEAST)
    moved = (
        gone.join(come, on="catalog_code", suffix="_new")
        .group_by("body", "body_new")
        .agg(same=pl.len(), dept_name=pl.col("dept_name").sort().first())
    )
    share = (pl.col("same") / pl.col("items")).round(2)
    sure = (
        moved.join(size, on="body").with_columns(score=share).filter(pl.col("score") >= _MOVED).sort("body", "body_new")
    )
    sure = sure.filter(pl.len().over("body") == 1, pl.len().over("body_new") == 1)
    return sure.select(
        change=pl.lit(Change.RECODED.value),
        scope=pl.lit(Scope.BODY.value),
        before=pl.concat_list("body"),
        after=pl.concat_list("body_new"),
        before_name=pl.lit(None, dtype=pl.String),
        after_name="dept_name",
        score="score",
        evidence=pl.format("原主体的 {} 项全部消失，其中 {} 项以相同基本编码出现在新主体下", "items", "same"),
    )


def _without(rows: pl.DataFrame, bodies: pl.Series, others: pl.Series) -> pl.DataFrame:
    """Return the rows of the bodies that are not among others: of a few hundred most nights have none."""
    left = bodies.filter(~bodies.is_in(others.implode()))
    return rows.filter(pl.col("body").is_in(left.implode())) if left.len() else rows.clear()


def _renamed(today: pl.DataFrame, earlier: pl.DataFrame) -> pl.DataFrame:
    """Return rows of the same code whose name says something else than last night."""
    key = list(_ROW[:2])
    doubtful = earlier.filter(~pl.col("alike")).select(key).unique()
    if doubtful.is_empty():
        return no_proposals()
    near = pl.col("task_code").is_in(doubtful.get_column("task_code").unique().implode())
    earlier = earlier.filter(near).join(doubtful, on=key, how="semi", nulls_equal=True)
    once = earlier.unique((*key, "task_name")).filter(pl.len().over(key) == 1)
    both = (
        today.filter(near)
        .select(*_ROW)
        .join(once.select(*key, before_name="task_name"), on=key, how="inner", nulls_equal=True)
    )
    other = both.filter(pl.col("task_name") != pl.col("before_name"))
    other = other.filter(normalised(pl.col("task_name")) != normalised(pl.col("before_name")))
    code = pl.concat_list(pl.coalesce("task_handle_item", "task_code"))
    return other.sort(key).select(
        change=pl.lit(Change.RENAMED.value),
        scope=pl.lit(Scope.TASK.value),
        before=code,
        after=code,
        before_name="before_name",
        after_name="task_name",
        score=pl.lit(1.0),
        evidence=pl.lit("实施编码未变，名称与上次采用的快照不同"),
    )
