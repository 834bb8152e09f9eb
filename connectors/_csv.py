"""CSV text to records, each row counted: too few fields become nulls in other readers, too many get lost."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Collection, Iterator, Sequence

from citysync.domain.errors import Unreadable
from connectors._text import first_twice, shown_name

_LONGEST_FIELD = 64 * 2**20
_DELIMITERS = (",", "\t", ";", "|", "，")
_ROW_INSIDE = re.compile(r"\n[^\n]*[0-9A-Z]{31}")  # a quote that was never closed has swallowed the next row
_SHOWN = 80


def read_csv(text: str, known: Collection[str], noted: list[str] | None = None) -> list[dict[str, object]]:
    """Return the rows below the header; rows without any value are left out, and their number noted.

    Raises ``Unreadable`` with the line where a quote is left open, a row has more or fewer fields than the header, a
    heading is missing or stands twice, or no heading is known (a wrong separator, a file without a header).
    """
    delimiter = _delimiter(text, known)
    csv.field_size_limit(_LONGEST_FIELD)  # the default of 128 KiB is shorter than some legal bases
    rows = list(_rows(text, delimiter))
    if not rows:
        raise Unreadable("CSV 没有表头；请重新导出")
    header = _header([_heading(cell) for cell in rows[0][1]])
    records = [_row(header, cells, line) for line, cells in rows[1:] if any(cell.strip() for cell in cells)]
    if not _known_headings(header, known):
        some = "、".join(header)[:_SHOWN]
        raise Unreadable(f"没有认得的表头（{some}）；请核对分隔符、表头或 [fields]", place="表头")
    if noted is not None and len(records) < len(rows) - 1:
        noted.append(f"{len(rows) - 1 - len(records):,} 行没有任何内容，已略过")
    return records


def _rows(text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True, delimiter=delimiter)
    try:
        for row in reader:
            if any("\n" in cell and _ROW_INSIDE.search(cell) for cell in row):
                raise _open_quote(reader.line_num, "一个字段内含有另一行")
            if row:
                yield reader.line_num, row
    except csv.Error as error:
        raise _open_quote(reader.line_num, str(error)) from error


def _open_quote(line: int, seen: str) -> Unreadable:
    place = f"第 {line:,} 行"
    return Unreadable(f"CSV {place}有误（{seen}），多为引号未闭合；请重新导出", place=place)


def _delimiter(text: str, known: Collection[str]) -> str:
    """Return the separator whose header row shows most headings; a comma unless another shows more."""
    first = next((line for line in text.splitlines() if line.strip()), "")
    counts = {mark: _known_headings([_heading(cell) for cell in first.split(mark)], known) for mark in _DELIMITERS}
    return max(_DELIMITERS, key=lambda mark: counts[mark])


def _known_headings(header: Sequence[str], known: Collection[str]) -> int:
    plain = {_plain(heading) for heading in known}
    return sum(_plain(cell) in plain for cell in header)


def _heading(cell: str) -> str:
    return cell.strip().strip('"').strip("\ufeff \t")


def _plain(heading: str) -> str:
    return re.sub(r"[\s()\[\]]", "", unicodedata.normalize("NFKC", heading)).casefold()


def _header(cells: Sequence[str]) -> list[str]:
    filled = max((number for number, cell in enumerate(cells, start=1) if cell), default=0)
    cells = cells[:filled]  # without a spreadsheet's trailing empty columns
    blank = next((number for number, cell in enumerate(cells, start=1) if not cell), None)
    if blank is not None:
        raise Unreadable(f"第 {blank} 列没有表头；请补上表头后重新导出", place="表头")
    twice = first_twice(cells)
    if twice is not None:
        raise Unreadable(f"表头重复：{shown_name(twice)}；同名的列只能有一个，请更正后重新导出", place="表头")
    return list(cells)


def _row(header: Sequence[str], cells: Sequence[str], line: int) -> dict[str, object]:
    extra = len(cells) - len(header)
    if extra < 0 or any(cell.strip() for cell in cells[len(header) :]):
        place = f"第 {line:,} 行"
        raise Unreadable(f"CSV {place}有 {len(cells)} 个字段，表头有 {len(header)} 个；请重新导出", place=place)
    return dict(zip(header, cells, strict=False))
