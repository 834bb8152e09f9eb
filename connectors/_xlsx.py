"""XLSX by cell type: a reader asked for text turns a damaged 31-digit code into a plausible wrong one."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Collection, Sequence
from datetime import date, datetime, time
from typing import Any

from python_calamine import CalamineError, CalamineWorkbook, SheetVisibleEnum

from citysync.domain.errors import Unreadable
from connectors._archive import check_archive
from connectors._records import Number, number_text
from connectors._text import first_twice, shown_name

_HEADER_WITHIN = 20
_ENOUGH_HEADINGS = 2


def read_xlsx(data: bytes, known: Collection[str], noted: list[str] | None = None) -> list[dict[str, object]]:
    """Return the rows below the header row of the one sheet that has known headings; hidden sheets do not count.

    Numbers become their shortest text (a ``Number``), beyond 15 digits with an exponent, so that a code Excel damaged
    shows it; dates ISO 8601. Raises ``Unreadable`` for what is no whole workbook, ``OverBudget`` for a bomb.
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
    header = _header(sheets[name][start], name)
    return [
        {heading: _text(row[column]) for column, heading in header.items()}
        for row in sheets[name][start + 1 :]
        if any(row[column] != "" for column in header)
    ]


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
