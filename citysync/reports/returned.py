"""A receipt that came back: the rows of its sheets as the city's staff left them, appeals among them. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO

from python_calamine import CalamineError, CalamineWorkbook

from citysync.domain.errors import ConfigError
from citysync.reports.rows import HEADINGS, ReceiptRow
from citysync.reports.sheets import RESERVED

_COLUMNS = tuple(HEADINGS.values())


def read_back(data: bytes) -> list[ReceiptRow]:
    """Return the rows of a receipt in XLSX, by their number; a row whose number was lost comes last.

    Cells are text in the receipt we wrote; whatever a spreadsheet made of a changed one is taken as its text. Raises
    ConfigError for a file that is no receipt, or whose headings were changed.
    """
    try:
        book = CalamineWorkbook.from_filelike(BytesIO(data))
        sheets = [(name, book.get_sheet_by_name(name).to_python(skip_empty_area=False)) for name in book.sheet_names]
    except CalamineError as error:
        raise ConfigError(
            f"不是可读的 XLSX 回执：{type(error).__name__}；请用本系统生成的回执填写后另存为 .xlsx"
        ) from None
    rows = [row for name, cells in sheets if name not in RESERVED for row in _rows(name, cells)]
    return sorted(rows, key=lambda row: (not row.number.isdigit(), int(row.number) if row.number.isdigit() else 0))


def _rows(name: str, cells: Sequence[Sequence[object]]) -> list[ReceiptRow]:
    if not cells or tuple(str(cell) for cell in cells[0][: len(_COLUMNS)]) != _COLUMNS:
        raise ConfigError(f"表 {name} 的表头与回执不同；请勿改动表头，重新填写后回传")
    texts = ([_text(cell) for cell in row[: len(_COLUMNS)]] for row in cells[1:])
    return [ReceiptRow(*row) for row in texts if any(row)]


def _text(cell: object) -> str:
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell)
