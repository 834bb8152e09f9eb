"""Text into XLSX and CSV: no value becomes a formula, a link or a number, whatever it begins with."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from citysync.domain.showing import ACTING

MAX_CELL = 32_767  # Excel's limit, counted in UTF-16 units; xlsxwriter drops a longer text whole
_A4 = 9  # as Excel numbers papers
MAX_ROWS = 1_048_575  # below the heading; xlsxwriter drops further rows without a word
CUT = "…（全文见 CSV）"
APPEALS = ("已整改", "数据无误，理由：", "基本目录有误，理由：", "申请延期，理由：")

_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_FORBIDDEN = re.compile(r"[\[\]:*?/\\\n\t]")
_TITLE = 25  # Excel takes 31; a serial may follow
RESERVED = ("说明", "汇总", "history")
_RISKY = re.compile(r"'|\t|[\s\u200b\ufeff]*[=+\-@＝＋－＠]")
_OPTIONS = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}


@dataclass(frozen=True)
class Sheet:
    """One sheet: ``widths`` in characters; with ``heading`` the first row is frozen and filtered.

    ``choices``: the column whose cells offer ``APPEALS``, or None.
    """

    name: str
    rows: Sequence[Sequence[str]]
    widths: Sequence[int]
    heading: bool = False
    choices: int | None = None


def sheet_names(titles: Iterable[str], parts: Mapping[str, int]) -> dict[str, list[str]]:
    """Return the names of each title's sheets: unique whatever the case, allowed, at most 31 letters."""
    taken: set[str] = set(RESERVED)
    named: dict[str, list[str]] = {}
    for title in titles:
        base = _FORBIDDEN.sub("", clean(title)).strip("'")[:_TITLE] or "表"
        for part in range(1, parts[title] + 1):
            name, serial = base if part == 1 else f"{base}{part}", part
            while name.lower() in taken:
                serial += 1
                name = f"{base}{serial}"
            taken.add(name.lower())
            named.setdefault(title, []).append(name)
    return named


def clean(text: str) -> str:
    """Return text without control characters; others that act (direction, tags) become visible."""
    text = _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    return ACTING.sub(lambda found: f"[U+{ord(found[0]):04X}]", text)


def fitted(text: str) -> str:
    """Return text that fits into one cell, its end saying where the rest is."""
    if _units(text) <= MAX_CELL:
        return text
    raw = text.encode("utf-16-le")[: 2 * (MAX_CELL - _units(CUT))]
    return raw.decode("utf-16-le", errors="ignore") + CUT  # a pair cut in two is left out


def guarded(text: str) -> str:
    """Return text a spreadsheet reads as text: a leading ``'`` before what might start a formula.

    A text that itself begins with ``'`` gets one too, so that taking one away always gives the text back.
    """
    return f"'{text}" if _RISKY.match(text) else text


def to_csv(rows: Iterable[Sequence[str]]) -> bytes:
    """Return rows as CSV in UTF-8 with the byte order mark that Excel needs to read Chinese."""
    text = io.StringIO(newline="")
    csv.writer(text).writerows([guarded(clean(cell)) for cell in row] for row in rows)
    return text.getvalue().encode("utf-8-sig")


def to_xlsx(sheets: Iterable[Sheet], on: date) -> bytes:
    """Return a workbook of text cells; the same sheets and day give the same bytes."""
    target = io.BytesIO()
    with xlsxwriter.Workbook(target, _OPTIONS) as book:
        book.set_properties({"created": datetime.combine(on, time(), UTC)})
        plain = book.add_format({"num_format": "@", "text_wrap": True, "valign": "top"})
        bold = book.add_format({"num_format": "@", "bold": True, "bg_color": "#DDEBF7", "valign": "top"})
        for sheet in sheets:
            page = book.add_worksheet(sheet.name)
            _for_paper(page, sheet)
            _write(page, sheet, plain, bold)
    return target.getvalue()


def _for_paper(target: Worksheet, sheet: Sheet) -> None:
    """Let a sheet print on A4: lists across, as wide as the page, their heading on every page."""
    target.set_paper(_A4)
    target.fit_to_pages(1, 0)
    target.set_footer("&C&A  &P/&N")
    if sheet.heading:
        target.set_landscape()
        target.repeat_rows(0)


def _write(target: Worksheet, sheet: Sheet, plain: Format, bold: Format) -> None:
    for column, width in enumerate(sheet.widths):
        target.set_column(column, column, width, plain)
    for place, row in enumerate(sheet.rows):
        look = bold if sheet.heading and place == 0 else plain
        for column, cell in enumerate(row):
            target.write_string(place, column, fitted(clean(cell)), look)
    last, right = max(1, len(sheet.rows) - 1), len(sheet.widths) - 1
    target.ignore_errors({"number_stored_as_text": f"A1:{chr(ord('A') + right)}{last + 1}"})
    if sheet.heading:
        target.freeze_panes(1, 0)
        target.autofilter(0, 0, last, right)
    if sheet.choices is not None:
        offer = {"validate": "list", "source": list(APPEALS), "show_error": False}
        target.data_validation(1, sheet.choices, last, sheet.choices, offer)


def _units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2
