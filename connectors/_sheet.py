"""Where the cells of a worksheet say they stand, looked at before any reader lays them out."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from citysync.domain.errors import OverBudget, Unreadable

_MOST_CELLS = 20_000_000  # 200,000 rows of 100 columns
_LONGEST_TAG = 2**16
_PLACE = re.compile(rb"""<(?:\w{1,20}:)?c\s[^<>]{0,200}?\br\s{0,9}=\s{0,9}["']([A-Za-z]{1,9})([0-9]{1,12})["']""")
_TYPE = re.compile(rb"""<(?:\w{1,20}:)?c\s[^<>]{0,200}?\bt\s{0,9}=\s{0,9}["']([^"'<>]{0,40})["']""")
_ODD = re.compile(
    rb"""<(?:\w{1,20}:)?c\s(?:[^<>]{0,200}?\br\s{0,9}=\s{0,9}["'](?![A-Za-z]{1,3}[0-9]{1,7}["'])([^"'<>]{0,40})|[^<>]{300})"""
)
_TYPES = frozenset({b"b", b"d", b"e", b"inlineStr", b"n", b"s", b"str"})  # ECMA-376-1, 18.18.11 ST_CellType


@dataclass
class Cells:
    """The places of a sheet's cells, taken chunk by chunk.

    A reader lays out every cell between the first and the farthest: one letter at XFD1048576 is 17 billion cells, and
    the memory asked for at once ends the process, not the reading. Of two rows with one number it keeps the last, so
    that a row is gone without a word. What a cell of no known type holds, one reader takes for a text and another for
    nothing.
    """

    rows: set[bytes] = field(default_factory=set)
    columns: set[bytes] = field(default_factory=set)
    row: bytes = b""
    in_row: set[bytes] = field(default_factory=set)
    farthest_row: int = 0
    farthest_column: int = 0
    rest: bytes = b""

    def take(self, chunk: bytes) -> None:
        """Look at the next bytes.

        Raises ``OverBudget`` for a place too far, ``Unreadable`` for one taken twice and for a place or type there
        is not.
        """
        seen = self.rest + chunk
        whole = max(seen.rfind(b"<"), 0)  # what stands behind it may be half a tag
        self.rest = seen[whole:][-_LONGEST_TAG:]
        if odd := _ODD.search(seen[:whole]):
            raise _nowhere(odd[1] or b"?")
        for kind in set(_TYPE.findall(seen[:whole])) - _TYPES:
            raise _of_no_type(kind)
        for column, row in _PLACE.findall(seen[:whole]):
            if row != self.row:
                self._next_row(row)
            if column in self.in_row:
                raise _twice(column + row)
            self.in_row.add(column)
            if column not in self.columns:
                self.columns.add(column)
                self.farthest_column = max(self.farthest_column, _number(column))
                self._refuse_too_far()

    def _next_row(self, row: bytes) -> None:
        if row in self.rows:
            raise _twice(row)
        self.rows.add(row)
        self.row, self.in_row = row, set()
        self.farthest_row = max(self.farthest_row, int(row))
        self._refuse_too_far()

    def _refuse_too_far(self) -> None:
        if self.farthest_row * self.farthest_column > _MOST_CELLS:
            place = f"第 {self.farthest_row:,} 行第 {self.farthest_column:,} 列"
            raise OverBudget(f"工作表的单元格远至{place}，超过上限 {_MOST_CELLS:,} 格；请删去表外的内容后重新导出")


def _twice(place: bytes) -> Unreadable:
    shown = place.decode("ascii")
    return Unreadable(f"XLSX 内 {shown} 出现两次，后者会盖掉前者；请用表格软件重新保存", place=f"单元格 {shown}")


def _nowhere(place: bytes) -> Unreadable:
    shown = place.decode("ascii", "replace")
    return Unreadable(f"XLSX 内有单元格说自己在“{shown}”，没有这个位置；请用表格软件重新保存", place="单元格位置")


def _of_no_type(kind: bytes) -> Unreadable:
    shown = kind.decode("ascii", "replace")
    return Unreadable(
        f"XLSX 内有单元格的类型是“{shown}”，没有这种类型，读不出内容；请用表格软件重新保存", place="单元格类型"
    )


def _number(column: bytes) -> int:
    number = 0
    for letter in column.upper():
        number = number * 26 + letter - 64
    return number
