"""What a city's values mean: its own ``[values.X]`` table, else the national list as identity; never a guess."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from functools import cache
from itertools import combinations

import polars as pl

from citysync.domain import items
from citysync.domain.city import City
from citysync.domain.errors import ConfigError
from citysync.domain.items import Kind
from citysync.domain.vocabulary import VALUES
from schemas import casting

_LISTED_KINDS = (Kind.CHOICE, Kind.CHOICES)


def table_of(name: str, city: City) -> Mapping[str, str] | None:
    """Return the column's value map, sent value → ours; None where any value may be sent."""
    if name in city.values:
        return city.values[name]
    listed = items.COLUMNS[name].kind in _LISTED_KINDS and name in VALUES
    return {code: code for code in VALUES[name]} if listed else None


@cache
def canonical(name: str) -> tuple[str, ...]:
    """Return every text that may stand in a column of codes: of several codes each choice, sorted, each code once."""
    values, kind = sorted(VALUES.get(name, ())), items.COLUMNS[name].kind
    most = {Kind.CHOICE: 1, Kind.CHOICES: len(values)}.get(kind, 0)
    return tuple(",".join(some) for many in range(1, most + 1) for some in combinations(values, many))


def text_of(name: str, city: City, sent: pl.Expr) -> pl.Expr:
    """Return a column's text as the city's table means it; null where it means nothing or is not listed.

    A column without a table keeps its text; its null words are null. With a table the table alone decides.
    """
    text, table = casting.stripped(sent), table_of(name, city)
    column = items.COLUMNS[name]
    if table is not None:
        if column.kind is Kind.CHOICES:
            return _joined(text, table)
        return _meaning(text, table)
    if column.null_words:
        return pl.when(~text.is_in(column.null_words)).then(text)
    return pl.when(text.is_not_null()).then(sent) if column.kind is Kind.TEXT else text


def unlisted(city: City, distinct: pl.DataFrame) -> dict[str, pl.Series]:
    """Return column → those of its different texts that its table does not list; columns without such are left out."""
    broken = {name: each for name in distinct.columns if (each := _unlisted(name, city)) is not None}
    found = distinct.with_columns(each.alias(name) for name, each in broken.items())
    return {name: distinct[name].filter(found[name]) for name in broken if found[name].any()}


def _unlisted(name: str, city: City) -> pl.Expr | None:
    table, text = table_of(name, city), casting.stripped(pl.col(name))
    if table is None:
        return None
    listed = _all_listed(text, table) if items.COLUMNS[name].kind is Kind.CHOICES else text.is_in(list(table))
    return text.is_not_null() & ~listed


def refuse_foreign_meanings(city: City) -> None:
    """Raise ConfigError if a ``[values.X]`` table speaks of no column of ours or means a value no list of ours has."""
    problems = list(_problems(city))
    if problems:
        raise ConfigError(f"cities/{city.code}.toml（{city.name}）：" + "；".join(problems))


def _problems(city: City) -> Iterator[str]:
    for name, table in city.values.items():
        if name not in items.COLUMNS:
            near = get_close_matches(name, items.NAMES, 1)
            yield f"[values.{name}] 不是标准字段" + (
                f"，是否应为 [values.{near[0]}]？" if near else "，请改用标准字段名"
            )
            continue
        column, listed = items.COLUMNS[name], VALUES.get(name)
        if column.kind not in _LISTED_KINDS or listed is None:
            continue
        for sent, ours in table.items():
            members = ours.split(",") if column.kind is Kind.CHOICES else [ours]
            if ours and not set(members) <= set(listed):
                yield f'[values.{name}] "{sent}" = "{ours}" 不在国家代码表中，请改为 {"、".join(listed)} 之一'


def _meaning(text: pl.Expr, table: Mapping[str, str]) -> pl.Expr:
    meant = {sent: ours for sent, ours in table.items() if ours}
    if not meant:
        return pl.lit(None, pl.String)
    return text.replace_strict(meant, default=None, return_dtype=pl.String)


def _joined(text: pl.Expr, table: Mapping[str, str]) -> pl.Expr:
    """Return several codes as one text, sorted, each once: the order a city writes them in says nothing."""
    one_by_one = _members(text).list.eval(_meaning(pl.element(), table)).list.drop_nulls().list.join(",")
    codes = pl.coalesce(_meaning(text, table), one_by_one).str.split(",").list.unique().list.sort().list.join(",")
    return pl.when(codes != "").then(codes)


def _all_listed(text: pl.Expr, table: Mapping[str, str]) -> pl.Expr:
    members = _members(text)
    one_by_one = members.list.eval(pl.element().is_in(list(table))).list.all()
    return text.is_in(list(table)) | ((members.list.len() > 0) & one_by_one)


def _members(text: pl.Expr) -> pl.Expr:
    parts = text.str.replace_all(casting.SEPARATORS, ",").str.split(",")
    return parts.list.eval(pl.element().str.strip_chars()).list.eval(pl.element().filter(pl.element() != ""))
