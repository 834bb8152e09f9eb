"""A file's bytes to records: CSV, JSON and JSON lines; XLSX is read by ``_xlsx``. Headings are kept as sent."""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Sequence
from typing import Literal

from citysync.domain.errors import Unreadable
from citysync.domain.items import HEADINGS, MASTER_LABELS
from connectors._mapping import as_records, dig
from connectors._text import decode, parse_json, read_json, refuse_web_page
from connectors._xlsx import read_xlsx

Format = Literal["csv", "xlsx", "json", "jsonl"]
FORMATS: tuple[Format, ...] = ("csv", "xlsx", "json", "jsonl")
KNOWN_HEADINGS = frozenset(HEADINGS) | frozenset(MASTER_LABELS) | frozenset(MASTER_LABELS.values())
_LONGEST_FIELD = 64 * 2**20
_DELIMITERS = (",", "\t", ";", "|")


def read_records(
    data: bytes,
    format: Format,  # noqa: A002 — the word of the city files
    encoding: str | None,
    items: str | None = None,
    *,
    known: Collection[str] = (),
) -> list[dict[str, object]]:
    """Return a file's rows, headings and keys as sent, in file order.

    ``items``: dotted path to the rows of a JSON document (default: the whole document). ``known``: headings beyond
    ours by which a header row is recognised. Raises ``Unreadable`` with the place.
    """
    headings = KNOWN_HEADINGS | frozenset(known)
    if not data.strip():
        raise Unreadable("文件是空的（0 字节）；这不等于没有事项，请重新导出")
    if format == "xlsx":
        return read_xlsx(data, headings)
    refuse_web_page(data)
    if format == "csv":
        return _read_csv(decode(data, encoding), headings)
    if format == "jsonl":
        return _read_lines(decode(data, encoding))
    document = read_json(data, encoding)
    found = document if items is None else dig(document, items)
    return [dict(record) for record in as_records(found, items or "文件")]


def _read_lines(text: str) -> list[dict[str, object]]:
    records: list[dict[str, object]] = []
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        place = f"第 {number:,} 行"
        try:
            record = parse_json(line)
        except Unreadable as error:
            raise Unreadable(f"{place}不是完整的 JSON：{error}", place=place) from error
        if not isinstance(record, dict):
            raise Unreadable(f"{place}应是 JSON 对象", place=place)
        records.append(record)
    return records


def _read_csv(text: str, known: Collection[str]) -> list[dict[str, object]]:
    delimiter = _delimiter(text, known)
    csv.field_size_limit(_LONGEST_FIELD)  # the default of 128 KiB is shorter than some legal bases
    reader = csv.reader(io.StringIO(text, newline=""), strict=True, delimiter=delimiter)
    rows: list[tuple[int, list[str]]] = []
    try:
        rows.extend((reader.line_num, row) for row in reader if row)
    except csv.Error as error:
        place = f"第 {reader.line_num:,} 行"
        raise Unreadable(f"CSV {place}有误（{error}），多为引号未闭合；请重新导出", place=place) from error
    if not rows:
        raise Unreadable("CSV 没有表头；请重新导出")
    header = _header([cell.strip() for cell in rows[0][1]])
    return [_row(header, cells, line) for line, cells in rows[1:]]


def _delimiter(text: str, known: Collection[str]) -> str:
    """Return the separator whose header row shows most headings; a comma unless another shows more."""
    first = next((line for line in text.splitlines() if line.strip()), "")
    counts = {mark: sum(cell.strip().strip('"').strip() in known for cell in first.split(mark)) for mark in _DELIMITERS}
    return max(_DELIMITERS, key=lambda mark: counts[mark])


def _header(cells: Sequence[str]) -> list[str]:
    while cells and not cells[-1]:
        cells = cells[:-1]  # a spreadsheet's trailing empty columns
    blank = next((number for number, cell in enumerate(cells, start=1) if not cell), None)
    if blank is not None:
        raise Unreadable(f"第 {blank} 列没有表头；请补上表头后重新导出", place="表头")
    twice = next((cell for cell in cells if list(cells).count(cell) > 1), None)
    if twice is not None:
        raise Unreadable(f"表头重复：{twice}；同名的列只能有一个，请更正后重新导出", place="表头")
    return list(cells)


def _row(header: Sequence[str], cells: Sequence[str], line: int) -> dict[str, object]:
    extra = len(cells) - len(header)
    if extra < 0 or any(cell.strip() for cell in cells[len(header) :]):
        place = f"第 {line:,} 行"
        raise Unreadable(f"CSV {place}有 {len(cells)} 个字段，表头有 {len(header)} 个；请重新导出", place=place)
    return dict(zip(header, cells, strict=False))
