"""Which division stands for one that was renamed, merged or split, by date (区划沿革).

Guangdong since 2000, from the yearly lists of the Ministry of Civil Affairs. ``by`` is the end of the year whose list
no longer has the code: the day of the act itself may be earlier. A successor is where the county's government went;
single towns that went elsewhere are left out. A new district (龙华区, 南沙区) succeeds nobody.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files

from citysync.domain.divisions import division_name


@dataclass(frozen=True, slots=True)
class Succession:
    """One division and one that followed it; ``by``: the last day on which its code may have been in force."""

    code: str
    name: str
    successor: str
    by: date


@cache
def successions() -> tuple[Succession, ...]:
    """Return the whole table, in code order; a split has a row for each part."""
    text = (files("citysync.domain") / "successions.csv").read_text(encoding="utf-8")
    return tuple(
        Succession(row["code"], row["name"], row["successor"], date.fromisoformat(row["by"]))
        for row in csv.DictReader(text.splitlines())
    )


def heirs_of(code: str, on: date, table: Sequence[Succession] | None = None) -> tuple[str, ...]:
    """Return the codes that stand for a code on a day, sorted: itself where nothing followed it by then.

    ``table``: by default the project's own; it must be without a circle.
    """
    known = successions() if table is None else table
    following = [row.successor for row in known if row.code == code and row.by < on]
    if not following:
        return (code,)
    return tuple(sorted({heir for each in following for heir in heirs_of(each, on, known)}))


@cache
def single_heirs(on: date) -> Mapping[str, str]:
    """Return old code → the one code that stands for it on a day; splits are left out."""
    return {code: heirs[0] for code, heirs in _ended(on).items() if len(heirs) == 1}


@cache
def divided(on: date) -> Mapping[str, tuple[str, ...]]:
    """Return old code → the several codes among which nobody but the sender can choose."""
    return {code: heirs for code, heirs in _ended(on).items() if len(heirs) > 1}


def former_codes(code: str, on: date) -> tuple[str, ...]:
    """Return the codes a division, or part of it, had before a day."""
    return tuple(old for old, heirs in _ended(on).items() if code in heirs)


def carried(
    pairs: Iterable[tuple[str, str]], on: date, looked: Iterable[str] = (), own: Iterable[str] = ()
) -> frozenset[tuple[str, str]]:
    """Return (areacode, anything) with each areacode as it is called on a day; that of a split stays, as do ``own``.

    ``looked``: the areacodes that whoever saw the pairs looked at, those of the pairs at least. Of several that became
    one, each must have its pair: what one part had before the merger was not missing in the whole.
    """
    seen, kept = frozenset(pairs), frozenset(own)
    heirs = {old: heir for old, heir in single_heirs(on).items() if old not in kept}
    parts: dict[str, set[str]] = {}
    for areacode in {*looked, *(areacode for areacode, _ in seen)}:
        parts.setdefault(heirs.get(areacode, areacode), set()).add(areacode)
    return frozenset(
        (heir, other)
        for heir, other in {(heirs.get(areacode, areacode), other) for areacode, other in seen}
        if all((part, other) in seen for part in parts[heir])
    )


def told(code: str) -> str:
    """Return what became of a division, in words, nothing for one that is still there."""
    rows = [row for row in successions() if row.code == code]
    if not rows:
        return ""
    names = "、".join(f"{row.successor} {division_name(row.successor)}" for row in rows)
    first = rows[0]
    same = division_name(first.successor).startswith(first.name[:-1])
    verb = "分为" if len(rows) > 1 else "改为" if same else "并入"
    return f"{code} {first.name}已于 {first.by.year} 年{verb} {names}"


@cache
def _ended(on: date) -> Mapping[str, tuple[str, ...]]:
    codes = dict.fromkeys(row.code for row in successions())
    return {code: heirs for code in codes if (heirs := heirs_of(code, on)) != (code,)}
