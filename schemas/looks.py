"""A first look at every column: whether its texts are read as they stand, and which different ones a list of codes has.

Most columns of most directories are clean, and a column of codes has few different texts. One test over a whole column
is cheap; reading every text of it again is not.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import polars as pl

from citysync.domain import items
from citysync.domain.city import City
from citysync.domain.items import Kind
from schemas import casting, cleaning

FOLDABLE = "[^!-~]"  # folding leaves printed ASCII alone

_ODD_TEXT = f"{casting.BLANK}|{cleaning.CONTROL}|{cleaning.UNCLEAN}|{cleaning.DECEPTIVE}|{cleaning.GARBLED}"
_ODD = {Kind.TEXT: _ODD_TEXT, Kind.CODE: f"^$|{FOLDABLE}"}


@dataclass(frozen=True)
class Looks:
    """What was seen of the columns a source has.

    ``odd``: columns of texts or codes of which some text may have to be cleaned, folded, shown otherwise or refused:
    the texts of all others stand as they are; ``distinct``: of every other column its different texts as shown, each
    once, filled up with nulls to the height of the longest.
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

    def with_points(self) -> list[str]:
        """Return the columns of numbers in which a text has a point: ``20.0`` is noted once for the whole column."""
        numbers = [name for name in self.distinct.columns if items.COLUMNS[name].kind in {Kind.INTEGER, Kind.DAYS}]
        return [name for name in numbers if self.distinct[name].str.contains(".", literal=True).any()]


def look(rows: pl.DataFrame, city: City) -> tuple[pl.DataFrame, Looks]:
    """Return rows with every control character shown by its picture, and what was seen of their columns."""
    columns = [name for name in items.NAMES if name in rows.columns]
    whole = [name for name in columns if read_whole(name, city)]
    seen = rows.select(
        *(pl.col(name).str.contains(_ODD[items.COLUMNS[name].kind]).any() for name in whole),
        *(pl.col(name).unique().implode() for name in columns if name not in whole),
    )
    odd = frozenset(name for name in whole if seen[name].item())
    told = {name: seen[name].explode(empty_as_null=True) for name in columns if name not in whole}
    controlled = [name for name, texts in told.items() if texts.str.contains(cleaning.CONTROL).any()]
    shown = cleaning.visible(rows, [*odd, *controlled])
    told |= {name: shown[name].unique() for name in controlled}
    return shown, Looks(odd, _side_by_side(told))


def read_whole(name: str, city: City) -> bool:
    """Return whether a column's texts are read one by one: any may stand there, and as good as each is another."""
    column = items.COLUMNS[name]
    return column.kind in _ODD and not column.null_words and name not in city.values


def _side_by_side(told: Mapping[str, pl.Series]) -> pl.DataFrame:
    longest = max(map(len, told.values()), default=0)
    return pl.DataFrame({name: texts.extend_constant(None, longest - len(texts)) for name, texts in told.items()})
