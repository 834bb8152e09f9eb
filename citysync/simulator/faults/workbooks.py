"""Workbooks that went wrong, made again from whole ones."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Callable
from functools import cache

import xlsxwriter
from python_calamine import CalamineWorkbook

from citysync.simulator.faults.zeros import deflated_zeros

_BOMB_MIB = 600
_SHEET = "xl/worksheets/sheet1.xml"
Write = Callable[[xlsxwriter.worksheet.Worksheet, int, int, str], None]


def numeric_code(data: bytes) -> bytes:
    """Return the workbook with the code of its first row as a number, as Excel keeps what was typed."""
    return _again(data, lambda sheet, row, column, text: _number(sheet, row, column, text, (1, 0), 1.14403000075411e30))


def numeric_type(data: bytes) -> bytes:
    """Return the workbook with every two-digit code of its rows as a number."""

    def write(sheet: xlsxwriter.worksheet.Worksheet, row: int, column: int, text: str) -> None:
        if row and len(text) == 2 and text.startswith("0") and text.isdigit():  # noqa: PLR2004 - such as 01
            sheet.write_number(row, column, int(text))
        else:
            sheet.write_string(row, column, text)

    return _again(data, write)


def titled(data: bytes) -> bytes:
    """Return the workbook with two title rows, a hidden sheet of notes and a filter."""
    return _again(data, _as_text, above=("某市政务服务事项实施清单", "导出时间：2026-11-23"), hidden=True)


def merged(data: bytes) -> bytes:
    """Return the workbook with the last column's cells of two rows merged, as people do to say "the same"."""
    return _again(data, _as_text, merge=True)


def without_sheet(data: bytes) -> bytes:
    """Return the archive without its first sheet."""
    with zipfile.ZipFile(io.BytesIO(data)) as whole:
        parts = {name: whole.read(name) for name in whole.namelist() if name != _SHEET}
    return _zipped(parts)


@cache
def _bomb() -> bytes:
    size = _BOMB_MIB * 2**20
    packed, checksum = deflated_zeros(size)
    name = b"xl/sharedStrings.xml"
    sizes = struct.pack("<IIIHH", checksum, len(packed), size, len(name), 0)
    local = struct.pack("<4sHHHI", b"PK\3\4", 20, 0, 8, 0) + sizes + name + packed
    listed = struct.pack("<4sHHHHI", b"PK\1\2", 20, 20, 0, 8, 0) + sizes + bytes(14) + name
    return local + listed + struct.pack("<4sHHHHIIH", b"PK\5\6", 0, 0, 1, 1, len(listed), len(local), 0)


def bomb(_data: bytes) -> bytes:
    """Return a workbook whose shared strings unpack to 600 MiB."""
    return _bomb()


def _again(
    data: bytes, write: Write, *, above: tuple[str, ...] = (), hidden: bool = False, merge: bool = False
) -> bytes:
    rows = CalamineWorkbook.from_filelike(io.BytesIO(data)).get_sheet_by_index(0).to_python(skip_empty_area=False)
    made = io.BytesIO()
    with xlsxwriter.Workbook(made, {"in_memory": True}) as book:
        sheet = book.add_worksheet("实施清单")
        for place, title in enumerate(above):
            sheet.write_string(place, 0, title)
        for row, cells in enumerate(rows, start=len(above)):
            for column, cell in enumerate(cells):
                if cell != "":
                    write(sheet, row, column, str(cell))
        if hidden:
            sheet.autofilter(len(above), 0, len(above) + len(rows), len(rows[0]) - 1)
            notes = book.add_worksheet("说明")
            notes.write_string(0, 0, "内部使用")
            notes.hide()
        if merge:
            last = len(rows[0]) - 1
            sheet.merge_range(1, last, 2, last, str(rows[1][last]))
    return made.getvalue()


def _as_text(sheet: xlsxwriter.worksheet.Worksheet, row: int, column: int, text: str) -> None:
    sheet.write_string(row, column, text)


def _number(
    sheet: xlsxwriter.worksheet.Worksheet, row: int, column: int, text: str, at: tuple[int, int], number: float
) -> None:
    if (row, column) == at:
        sheet.write_number(row, column, number)
    else:
        sheet.write_string(row, column, text)


def _zipped(parts: dict[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
    return packed.getvalue()
