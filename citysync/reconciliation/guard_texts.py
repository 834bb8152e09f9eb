"""What the guard says to people: what was seen against what, the likely cause, a preview, and how to let it through."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import polars as pl

from citysync.domain import items
from citysync.domain.city import City
from citysync.domain.divisions import division_name
from citysync.domain.sayings import ABOVE, APPEARED, BELOW, CHANGED, EMPTIED, FIELD, LAST, VANISHED, Saying
from citysync.reconciliation.field_shift import Shift
from citysync.reconciliation.recoding import recoded
from citysync.reconciliation.turnover import Turnover

_NAMED = 5  # counties named in one sentence


@dataclass(frozen=True)
class Vanished:
    """What vanished: rows tonight and usually, how many too many, the ratio allowed, since when, and the two nights."""

    received: int
    usual: float
    amount: int
    ratio: float
    since: date | None
    moved: Turnover | None
    touched: int


def zero(city: City, before: int | None) -> str:
    """Return the text of an empty directory."""
    seen = "本次 0 条" if before is None else LAST.said(before=f"{before:,}")
    return (
        f"清空保护：{seen}，未采用，未判缺失；请市级核实接口是否返回了全部事项；确已清空的，{_approve(city, '--empty')}"
    )


def vanished(city: City, said: Vanished) -> str:
    """Return the text of a mass disappearance: counties gone and re-codings first, they are usually the cause."""
    opening = f"骤减保护：{_since(said.since)}{_against(VANISHED, said.usual, said.received, said.amount, said.ratio)}"
    closing = f"未采用；请市级核实，属实的，{_approve(city, f'--vanished {said.amount}')}"
    parts = [opening, *_causes(said.moved), *_preview(said.moved, said.touched), closing]
    return "；".join(parts)


def appeared(city: City, received: int, usual: float, more: int, ratio: float, since: date | None) -> str:
    """Return the text of a mass growth."""
    return (
        f"骤增保护：{_since(since)}{_against(APPEARED, usual, received, more, ratio)}，"
        f"未采用；请市级核实是否重复，属实的，{_approve(city, f'--appeared {more}')}"
    )


def field(city: City, shift: Shift, since: date) -> str:
    """Return the text of one field that turned empty or changed nearly everywhere."""
    named = f"{FIELD.said(label=items.label(shift.field))} {_emptied(shift)}{_changed(shift)}"
    seen = f"{named}（与 {_day(since)} 的快照相比，共 {shift.items:,} 项），未采用"
    leave = _approve(city, f"--field {shift.field} --changed {shift.amount}")
    return f"{seen}；请市级核实字段是否改名或停供，属实的，{leave}"


def below(received: int, least: int) -> str:
    """Return the text of fewer rows than the city's file expects."""
    told = BELOW.said(received=f"{received:,}", least=f"{least:,}")
    return f"{told}，未采用；请核实是否漏传，属实则调整 expect.min_items"


def above(received: int, most: int) -> str:
    """Return the text of more rows than the city's file expects."""
    return (
        f"{ABOVE.said(received=f'{received:,}', most=f'{most:,}')}，未采用；请核实是否重复，属实则调整 expect.max_items"
    )


def _approve(city: City, what: str) -> str:
    return f"请批准：citysync approve {city.code} {what} --until 日期 --reason 原因"


def _since(since: date | None) -> str:
    return "" if since is None else f"上次采用 {_day(since)}，"


def _against(saying: Saying, usual: float, received: int, amount: int, ratio: float) -> str:
    return saying.said(usual=f"{usual:,.0f}", received=f"{received:,}", amount=f"{amount:,}", ratio=f"{ratio:.0%}")


def _day(day: date) -> str:
    return f"{day.month}月{day.day}日"


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / max(whole, 1):.1f}".removesuffix(".0") + " %"


def _emptied(shift: Shift) -> str:
    if not shift.emptied:
        return ""
    before, now = (_percent(empty, shift.items) for empty in (shift.empty_before, shift.empty_now))
    return EMPTIED.said(before=before, now=now)


def _changed(shift: Shift) -> str:
    if not shift.example:
        return ""
    comma = "，" if shift.emptied else ""
    told = CHANGED.said(changed=f"{shift.changed:,}")
    return f"{comma}{told}（{_percent(shift.changed, shift.items)}，如 {shift.example}）"


def _causes(moved: Turnover | None) -> list[str]:
    if moved is None:
        return []
    counties, share = _counties_gone(moved), recoded(moved.vanished, moved.appeared)
    told = [f"整体消失：{counties}"] if counties else []
    if share is not None:
        gone, come = moved.vanished.height, moved.appeared.height
        told.append(f"疑似批量换码：{gone:,} 个编码消失，{come:,} 个新增，名称相同 {share:.0%}")
    return told


def _counties_gone(moved: Turnover) -> str:
    """Return the regions of which nothing is left, the largest first; none where the whole city is gone."""
    still = pl.concat(
        [moved.of_kept("areacode").select(region=_kept_region()), moved.appeared.select("region")]
    ).unique()
    gone = moved.vanished.drop_nulls("region").group_by("region").len().join(still, on="region", how="anti")
    ordered = gone.sort(["len", "region"], descending=[True, False])
    named = [f"{code} {division_name(code)} {count:,} 条" for code, count in ordered.head(_NAMED).iter_rows()]
    more = f" 等 {ordered.height} 个地区" if ordered.height > _NAMED else ""
    return "、".join(named) + more if named and not still.is_empty() else ""


def _kept_region() -> pl.Expr:
    return pl.coalesce(pl.col("areacode").str.strip_chars().str.head(6), pl.col("key").str.slice(2, 6))


def _preview(moved: Turnover | None, touched: int) -> list[str]:
    if moved is None:
        return []
    return [f"另有：新增 {moved.appeared.height:,} 条，改动 {touched:,} 条"]
