"""What holds for every parser and any bytes: rows another reader counts too, or a ``SourceError``.

``TARGETS``: a function per parser that takes bytes and raises what is not allowed; hypothesis and atheris share it.
"""

from __future__ import annotations

import csv
import io
import json
import random
import warnings
import zipfile
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import openpyxl
import polars as pl

from citysync.domain.errors import SourceError
from citysync.domain.items import NAMES
from connectors._files import KNOWN_HEADINGS, Format, read_records
from connectors._mapping import in_order, plan_for, stacked, to_frame, unknown_fields
from connectors._text import decode, read_json
from schemas.validate import validate
from tests.builders import TODAY, a_city, a_snapshot
from tests.connectors.doors import directory
from tests.connectors.test_file_drop import as_csv, as_xlsx

ROWS = [{name: row[name] for name in ("task_code", "task_name", "task_type")} for row in directory(3)]
SEEDS: Mapping[str, bytes] = {
    "text": "编码,名称\n1,公共场所\n".encode("gb18030"),
    "json": json.dumps({"list": ROWS, "total": 3}, ensure_ascii=False).encode(),
    "jsonl": "\n".join(json.dumps(row, ensure_ascii=False) for row in ROWS).encode(),
    "csv": as_csv(ROWS).encode(),
    "xlsx": as_xlsx([list(ROWS[0]), *(list(row.values()) for row in ROWS)]),
    "values": "20.0|30(工作日)|2024年2月9日|9999-12-31|１２|a\x00b|&nbsp;|1,2".encode(),
}
LONGEST = 65_536
Record = Mapping[str, object]


def text(data: bytes) -> None:
    """Hold that bytes are decoded without loss, or refused."""
    try:
        found = decode(data)
    except SourceError:
        return
    forms = (found.encode(encoding, "surrogatepass") for encoding in ("utf-8", "utf-16-le", "utf-16-be"))
    plain = data.lstrip(b"\xef\xbb\xbf")
    same = any(data.endswith(form) or plain == form for form in forms) or found.encode("gb18030") == data
    assert same or data.decode("gb18030") == found, "text that is not what the bytes say"


def pages(data: bytes) -> None:
    """Hold that a JSON document says what the standard reader says, and its rows become a frame."""
    try:
        document = read_json(data)
    except SourceError:
        return
    again: Any = json.loads(decode(data), parse_int=str, parse_float=str)
    assert repr(document) == repr(again), "a document that is not what was sent"
    found = document.get("list") if isinstance(document, dict) else document
    if isinstance(found, list) and all(isinstance(row, dict) for row in found):
        _framed(found)


def lines(data: bytes) -> None:
    """Hold for JSON lines that every line that is not blank is a row."""
    _counted(data, "jsonl", lambda: sum(bool(line.strip()) for line in decode(data).split("\n")))


def table(data: bytes) -> None:
    """Hold for CSV that every row with a value below the header is a row, and none of its values is lost."""
    try:
        records = read_records(data, "csv", None)
    except SourceError:
        return
    ways = [_values(_csv_rows(decode(data), mark)) for mark in (",", "\t", ";", "|", "，")]
    assert [list(filter(None, record.values())) for record in records] in ways, (
        "rows that another reader sees otherwise"
    )
    _framed(records)


def workbook(data: bytes) -> None:
    """Hold that a workbook has as many rows as another library sees below the header."""
    _counted(data, "xlsx", lambda: _xlsx_rows(data))


def values(data: bytes) -> None:
    """Hold that any text in any column is accepted, rejected or merged, and counted."""
    parts = data.decode("utf-8", "replace").split("|")
    rows = [{name: parts[(at + number) % len(parts)] for at, name in enumerate(NAMES)} for number in range(3)]
    snapshot = a_snapshot(rows)
    validation = validate(snapshot, a_city(), TODAY)
    parted = validation.accepted.height + validation.rejected_rows + validation.duplicate
    assert parted == validation.received == len(rows), "rows that nobody accounts for"


def swapped(data: bytes, seed: int) -> bytes:
    """Return a workbook of which two parts changed places, or one lost its end, all checksums right again."""
    source, changed = random.Random(seed), io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as before, zipfile.ZipFile(changed, "w") as after:
        parts = {name: before.read(name) for name in before.namelist()}
        one, other = source.sample(sorted(parts), 2)
        if source.random() < 0.5:
            parts[one], parts[other] = parts[other], parts[one]
        else:
            parts[one] = mutated(parts[one], source)
        for name, part in parts.items():
            after.writestr(name, part)
    return changed.getvalue()


def changed_workbook(data: bytes) -> None:
    """Read the bytes as a workbook, or as its sheet under right checksums, which stop most of what is only flipped."""
    if not data.startswith(b"PK"):
        changed = io.BytesIO()
        with zipfile.ZipFile(io.BytesIO(SEEDS["xlsx"])) as before, zipfile.ZipFile(changed, "w") as after:
            for name in before.namelist():
                after.writestr(name, data if name == "xl/worksheets/sheet1.xml" else before.read(name))
        data = changed.getvalue()
    workbook(data)


def seeds(parser: str) -> list[bytes]:
    """Return what to start from: a good file, and of a workbook its sheet too."""
    if parser != "xlsx":
        return [SEEDS[parser]]
    with zipfile.ZipFile(io.BytesIO(SEEDS[parser])) as book:
        return [SEEDS[parser], book.read("xl/worksheets/sheet1.xml")]


def mutated(data: bytes, source: random.Random) -> bytes:
    """Return bytes with one flipped, a stretch cut out, or some put in."""
    at, size = source.randrange(len(data) + 1), source.randrange(1, 9)
    put = source.choice([b"", source.randbytes(size), data[at : at + 1] * size])
    return data[:at] + put + data[at + source.choice([0, len(put), size]) :]


def _counted(data: bytes, kind: Format, count: Callable[[], int | None]) -> None:
    try:
        records = read_records(data, kind, None)
    except SourceError:
        return
    seen = count()
    assert seen is None or len(records) == seen, f"{len(records)} rows, another reader sees {seen}"
    _framed(records)


def _framed(records: Sequence[Record]) -> None:
    plan = plan_for(a_city(), NAMES)
    try:
        frame = in_order(stacked([to_frame(records, plan, 1)]), NAMES)
    except RecursionError:
        return  # told as nested too deep, where the city is known
    assert frame.height == len(records)
    assert all(not "\ud800" <= letter <= "\udfff" for name in unknown_fields(records, plan) for letter in name)
    pl.DataFrame(frame).write_csv()


def _csv_rows(text_: str, mark: str) -> list[list[str]]:
    return [row for row in csv.reader(io.StringIO(text_, newline=""), delimiter=mark) if row]


def _values(rows: Sequence[Sequence[str]]) -> list[list[str]]:
    return [list(filter(None, row)) for row in rows[1:] if any(cell.strip() for cell in row)]


def _xlsx_rows(data: bytes) -> int | None:
    """Return how many rows openpyxl sees below the header; None where it cannot read what ours can."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            book = openpyxl.load_workbook(io.BytesIO(data))
        except Exception:  # noqa: BLE001 — it fails in many ways, and then counts nothing
            return None
    shown = [list(sheet.iter_rows(values_only=True)) for sheet in book.worksheets if sheet.sheet_state == "visible"]
    heads = [(rows, at) for rows in shown for at, row in enumerate(rows[:20]) if _known(row) > 1]
    if len(heads) != 1:
        return None
    rows, at = heads[0]
    used = [column for column, cell in enumerate(rows[at]) if cell is not None and str(cell).strip()]
    return sum(any(row[column] not in {None, ""} for column in used) for row in rows[at + 1 :])


def _known(row: Sequence[object]) -> int:
    return sum(str(cell).strip() in KNOWN_HEADINGS for cell in row)


TARGETS: Mapping[str, Callable[[bytes], None]] = {
    "text": text,
    "json": pages,
    "jsonl": lines,
    "csv": table,
    "xlsx": workbook,
    "values": values,
}
