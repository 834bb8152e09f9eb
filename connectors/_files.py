"""A file's bytes to records: CSV, JSON and JSON lines; XLSX is read by ``_xlsx``. Headings are kept as sent."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Literal

from citysync.domain.errors import Unreadable
from citysync.domain.items import BROKEN, HEADINGS, MASTER_LABELS
from connectors._archive import OLD_OR_LOCKED, PACKED, check_archive
from connectors._csv import read_csv
from connectors._records import as_records, dig
from connectors._text import decode, parse_json, printable, refuse_web_page
from connectors._xlsx import read_xlsx

Format = Literal["csv", "xlsx", "json", "jsonl"]
_QUOTED = 60
FORMATS: tuple[Format, ...] = ("csv", "xlsx", "json", "jsonl")
KNOWN_HEADINGS = frozenset(HEADINGS) | frozenset(MASTER_LABELS) | frozenset(MASTER_LABELS.values())


@dataclass
class Leniency:
    """What a city file lets pass in a file that is not as it should be. By default nothing.

    ``fill_merged``: merged cells of a worksheet mean one value for all. ``keep_going``: a line of JSON lines that is
    none is a row to reject. ``broken``: takes those, by their place among the rows, as they are told.
    """

    fill_merged: bool = False
    keep_going: bool = False
    broken: dict[int, str] = field(default_factory=dict)


def read_records(
    data: bytes,
    format: Format,  # noqa: A002 — the word of the city files
    encoding: str | None,
    items: str | None = None,
    *,
    known: Collection[str] = (),
    noted: list[str] | None = None,
    lenient: Leniency | None = None,
) -> list[dict[str, object]]:
    """Return a file's rows, headings and keys as sent, in file order.

    ``items``: dotted path to the rows of a JSON document (default: the whole document). ``known``: headings beyond
    ours by which a header row is recognised. ``noted``: takes what people should know of the reading.
    Raises ``Unreadable`` with the place.
    """
    headings = KNOWN_HEADINGS | frozenset(known)
    if not data.strip():
        raise Unreadable("文件是空的（0 字节）；这不等于没有事项，请重新导出")
    if format != "xlsx" and data.startswith((PACKED, OLD_OR_LOCKED)):
        check_archive(data)
        raise Unreadable(f"文件实际为 xlsx，而城市文件写明 {format}；请核对 format 或重新导出")
    if format == "xlsx":
        return read_xlsx(data, headings, noted, fill_merged=lenient is not None and lenient.fill_merged)
    refuse_web_page(data)
    if format == "csv":
        return read_csv(decode(data, encoding, noted), headings, noted)
    if format == "jsonl":
        return _read_lines(decode(data, encoding, noted), lenient or Leniency(), noted)
    document = parse_json(decode(data, encoding, noted))
    found = document if items is None else dig(document, items)
    return [dict(record) for record in as_records(found, items or "文件")]


def _read_lines(text: str, lenient: Leniency, noted: list[str] | None) -> list[dict[str, object]]:
    records: list[dict[str, object]] = []
    lines = [(number, line) for number, line in enumerate(text.split("\n"), start=1) if line.strip()]
    whole = text.endswith("\n")
    for number, line in lines:
        try:
            records.append(_record(line, f"第 {number:,} 行"))
        except Unreadable as error:
            if not lenient.keep_going or (number == lines[-1][0] and not whole):  # the file is cut, not the line
                raise
            lenient.broken[len(records)] = f"{BROKEN}第 {number:,} 行：{printable(line.strip()[:_QUOTED])}"
            records.append({})
            if noted is not None:
                noted.append(f"{error}；按市文件 bad_lines 的约定，该行按拒收处理")
    if lines and len(lenient.broken) == len(lines):
        raise Unreadable("没有一行是完整的 JSON 对象；请核对 format 或重新导出")
    return records


def _record(line: str, place: str) -> dict[str, object]:
    try:
        record = parse_json(line)
    except Unreadable as error:
        raise Unreadable(f"{place}不是完整的 JSON：{error}", place=place) from error
    if not isinstance(record, dict):
        raise Unreadable(f"{place}应是 JSON 对象", place=place)
    return record
