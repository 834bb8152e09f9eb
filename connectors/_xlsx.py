"""XLSX by cell type: a reader asked for text turns a damaged 31-digit code into a plausible wrong one."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from python_calamine import CalamineError, CalamineWorkbook, SheetVisibleEnum

from citysync.domain.errors import Unreadable
from connectors._archive import check_archive
from connectors._records import Number, number_text
from connectors._text import first_twice, shown_name

_HEADER_WITHIN = 20
_ENOUGH_HEADINGS = 2
_LETTERS = 26


@dataclass(frozen=True, slots=True)
class _Range:
    """Rows of one column that are merged; all count from 0."""

    top: int
    bottom: int
    column: int

    @property
    def shown(self) -> str:
        """Return the range as a spreadsheet names it: ``F2:F3``."""
        letters, left = "", self.column + 1
        while left:
            left, letter = divmod(left - 1, _LETTERS)
            letters = chr(ord("A") + letter) + letters
        return f"{letters}{self.top + 1}:{letters}{self.bottom + 1}"


def read_xlsx(
    data: bytes, known: Collection[str], noted: list[str] | None = None, *, fill_merged: bool = False
) -> list[dict[str, object]]:
    """Return the rows below the header row of the one sheet that has known headings; hidden sheets do not count.

    Numbers become their shortest text (a ``Number``), beyond 15 digits with an exponent, so that a code Excel damaged
    shows it; dates ISO 8601. Of merged cells only the first holds anything: the rest is empty, which ``noted`` is told,
    or with ``fill_merged`` what stands above it. Raises ``Unreadable`` for what is no whole workbook, ``OverBudget``
    for a bomb.
    """
    check_archive(data)
    try:
        workbook = CalamineWorkbook.from_filelike(io.BytesIO(data))
        shown = [sheet.name for sheet in workbook.sheets_metadata if sheet.visible == SheetVisibleEnum.Visible]
        sheets = {name: workbook.get_sheet_by_name(name).to_python(skip_empty_area=False) for name in shown}
    except (CalamineError, zipfile.BadZipFile, OSError, ValueError) as error:
        raise Unreadable(f"XLSX 文件不完整或已损坏（{type(error).__name__}）；请重新导出") from error
    hidden = [name for name in workbook.sheet_names if name not in sheets]
    if hidden and noted is not None:
        noted.append(f"未读取隐藏的工作表：{'、'.join(hidden)}")
    name, start = _table(sheets, known)
    header, rows = _header(sheets[name][start], name), sheets[name]
    merged = _merged(workbook, name, start, header)
    if merged and fill_merged:
        _fill(rows, merged)
    elif merged and noted is not None:
        noted.append(_merged_note(name, merged))
    return [
        {heading: _text(row[column]) for column, heading in header.items()}
        for row in rows[start + 1 :]
        if any(row[column] != "" for column in header)
    ]


def _merged(workbook: CalamineWorkbook, name: str, start: int, header: Mapping[int, str]) -> list[_Range]:
    """Return the merged ranges that reach over several rows of a column that is read, below the header row."""
    ranges = workbook.get_sheet_by_name(name).merged_cell_ranges or []
    found = (_Range(max(top, start + 1), bottom, left) for (top, left), (bottom, _) in ranges if left in header)
    return sorted((each for each in found if each.bottom > each.top), key=lambda each: (each.top, each.column))


def _fill(rows: list[list[Any]], merged: Sequence[_Range]) -> None:
    """Put the value of each range's first cell into the others; raise ``Unreadable`` for ranges that overlap."""
    last: dict[int, int] = {}
    for each in merged:
        if each.top <= last.get(each.column, -1):  # nobody can mean that, and a crafted file would cost hours
            raise Unreadable("XLSX 内合并单元格互相重叠；请用表格软件重新保存", place=each.shown)
        last[each.column] = each.bottom
        for row in rows[each.top + 1 : each.bottom + 1]:
            row[each.column] = rows[each.top][each.column]


def _merged_note(name: str, merged: Sequence[_Range]) -> str:
    return (
        f"工作表 {name} 有 {len(merged):,} 处合并单元格（如 {merged[0].shown}）：只有第一格有值，其余按空读取；"
        "请取消合并、逐行填写后导出，或在市文件写 fill_merged = true（按第一格向下填充）"
    )


def _table(sheets: dict[str, list[list[Any]]], known: Collection[str]) -> tuple[str, int]:
    """Return (sheet, index of its header row); an empty first sheet or one of notes is passed over."""
    found = {name: place for name, rows in sheets.items() if (place := _header_row(rows, known)) is not None}
    if not found:
        raise Unreadable(
            f"前 {_HEADER_WITHIN} 行内没有认得的表头（工作表：{'、'.join(sheets)}）；请核对表头或 [fields]"
        )
    if len(found) > 1:
        raise Unreadable(f"有多个工作表带表头：{'、'.join(found)}；请只保留一个")
    return next(iter(found.items()))


def _header_row(rows: Sequence[Sequence[Any]], known: Collection[str]) -> int | None:
    counts = [sum(str(cell).strip() in known for cell in row) for row in rows[:_HEADER_WITHIN]]
    best = max(counts, default=0)
    return counts.index(best) if best >= _ENOUGH_HEADINGS else None


def _header(cells: Sequence[Any], sheet: str) -> dict[int, str]:
    header = {column: str(cell).strip() for column, cell in enumerate(cells) if str(cell).strip()}
    twice = first_twice(header.values())
    if twice is not None:
        raise Unreadable(f"工作表 {sheet} 表头重复：{shown_name(twice)}；同名的列只能有一个", place="表头")
    return header


def _text(cell: Any) -> str | None:  # noqa: ANN401 — calamine's cells are of many types
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float | int):
        return Number(number_text(float(cell)))
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time() == time() else cell.isoformat(sep=" ")
    if isinstance(cell, date | time):
        return cell.isoformat()
    return str(cell) or None
