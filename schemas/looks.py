"""A first look at every column: whether its texts are read as they stand, and which different ones a list of codes has.

Most columns of most directories are clean, and a column of codes has few different texts. One test over a whole column
is cheap; reading every text of it again is not.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import polars as pl

from citysync.domain import items
from citysync.domain.city import City
from citysync.domain.items import Kind
from schemas import casting, cleaning, values

FOLDABLE = "[^!-~]"  # folding leaves printed ASCII alone

_ODD_TEXT = f"{casting.BLANK}|{cleaning.CONTROL}|{cleaning.UNCLEAN}|{cleaning.DECEPTIVE}|{cleaning.GARBLED}"
_ODD = {Kind.TEXT: _ODD_TEXT, Kind.CODE: f"^$|{FOLDABLE}"}


@dataclass(frozen=True)
class Looks:
    """What was seen of the columns a source has.

    ``odd``: columns of texts or codes of which some text may have to be cleaned, folded, shown otherwise or refused:
    the texts of all others stand as they are; ``distinct``: of every other column its different texts as shown, each
    once, filled up with nulls to the height of the longest; columns in which each text means itself are left out.
    """

    odd: frozenset[str] = frozenset()
    distinct: pl.DataFrame = field(default_factory=pl.DataFrame)

    def read(self, name: str, text: pl.Expr, meant: pl.Series) -> pl.Expr:
        """Return what each text of a column means: ``meant`` says it of each of ``distinct``."""
        texts = self.distinct[name]
        if meant.dtype == texts.dtype and meant.equals(texts):
            return text
        if meant.null_count() == meant.len():
            return pl.lit(None, meant.dtype)
        known = texts.is_not_null()
        return text.replace_strict(texts.filter(known), meant.filter(known), default=None, return_dtype=meant.dtype)

    @cached_property
    def with_points(self) -> list[str]:
        """Return the columns of numbers in which a text has a point: ``20.0`` is noted once for the whole column."""
        numbers = [name for name in self.distinct.columns if items.COLUMNS[name].kind in {Kind.INTEGER, Kind.DAYS}]
        return [name for name in numbers if self.distinct[name].str.contains(".", literal=True).any()]


def look(rows: pl.DataFrame, city: City, changed: pl.DataFrame | None = None) -> tuple[pl.DataFrame, Looks]:
    """Return rows with every control character shown by its picture, and what was seen of their columns.

    ``changed``: those of the rows of which it is not known that no text or code of theirs is odd; by default all.
    """
    columns = [name for name in items.NAMES if name in rows.columns]
    each = [name for name in columns if read_whole(name, city)]
    listed = [name for name in columns if name not in each]
    some = (rows if changed is None else changed).select(_odd(name).any() for name in each)
    seen = rows.select(pl.col(name).unique().implode() for name in listed)
    odd = frozenset(name for name in each if some[name].item())
    told = {name: seen[name][0] for name in listed}
    controlled = _controlled(told)
    shown = cleaning.visible(rows, [*sorted(odd), *controlled])
    told |= {name: shown[name].unique() for name in controlled}
    meant = {name: texts for name, texts in told.items() if not _means_itself(name, city, texts)}
    return shown, Looks(odd, _side_by_side(meant))


def _controlled(told: Mapping[str, pl.Series]) -> list[str]:
    """Return the columns in which some text has a control character: nearly always none, which one look tells."""
    if not told or not pl.concat(list(told.values())).str.contains(cleaning.CONTROL).any():
        return []
    return [name for name, texts in told.items() if texts.str.contains(cleaning.CONTROL).any()]


def plain_rows(rows: pl.DataFrame, looks: Looks) -> pl.Series:
    """Return which rows have no odd text or code, and no number of which a whole column may be told."""
    odd = [_odd(name) for name in sorted(looks.odd)]
    odd += [pl.col(name).str.contains(".", literal=True) for name in looks.with_points]
    any_odd = pl.any_horizontal(pl.repeat(value=False, n=pl.len()), *(each.fill_null(value=False) for each in odd))
    return rows.select(~any_odd).to_series()


def _odd(name: str) -> pl.Expr:
    return pl.col(name).str.contains(_ODD[items.COLUMNS[name].kind])


def read_whole(name: str, city: City) -> bool:
    """Return whether a column's texts are read one by one: any may stand there, and as good as each is another."""
    column = items.COLUMNS[name]
    return column.kind in _ODD and not column.null_words and name not in city.values


def _means_itself(name: str, city: City, texts: pl.Series) -> bool:
    if name in city.values or texts.len() > len(values.canonical(name)) + 1:
        return False
    return set(texts.drop_nulls()) <= set(values.canonical(name))


def _side_by_side(told: Mapping[str, pl.Series]) -> pl.DataFrame:
    longest = max(map(len, told.values()), default=0)
    return pl.DataFrame({name: texts.extend_constant(None, longest - len(texts)) for name, texts in told.items()})
