"""Files a city drops: CSV in three encodings, XLSX with text cells, JSON, JSON lines; with or without a manifest."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import xlsxwriter

from citysync.simulator.dialects import columns_sent
from citysync.simulator.province import Province, SimulatedCity

Records = Sequence[dict[str, object]]
_UPLOADED_BEFORE = 3600.0  # seconds: a file this fresh might still be written, and would be looked at twice
_WRITTEN = datetime(2026, 11, 1, 8)  # noqa: DTZ001 - a workbook's property has no zone


@dataclass(frozen=True, slots=True)
class Drop:
    """How a dialect's file is written. ``items``: where the rows stand in a JSON document."""

    format: str
    encoding: str = "utf-8"
    manifest: bool = False
    items: str | None = None


DROPS: dict[str, Drop] = {
    "csv_unproved": Drop("csv"),
    "csv_bom": Drop("csv", "utf-8-sig", manifest=True),
    "csv_gb18030": Drop("csv", "gb18030"),
    "xlsx": Drop("xlsx"),
    "json": Drop("json", items="data.items"),
    "jsonl": Drop("jsonl", manifest=True),
}


def write_drop(city: SimulatedCity, province: Province, folder: Path) -> None:
    """Write a city's file, and its manifest where it has one, into ``folder/<code>``."""
    drop = DROPS[city.plan.dialect]
    place = folder / city.code
    place.mkdir(parents=True, exist_ok=True)
    headings = [city.dialect.name_of(name) for name in columns_sent(city.dialect, city.absent)]
    headings += [*city.dialect.constants, *city.unknown]
    records = city.sent()
    if records:
        headings = [name for name in headings if name in records[0]] + [n for n in records[0] if n not in headings]
    data = file_bytes(drop, headings, records)
    for each in city.faults:
        if each.fault.body is not None:
            data = each.fault.body(data)
    name = f"items-{province.on:%Y%m%d}.{drop.format}"
    (place / name).write_bytes(data)
    written = (place / name).stat().st_mtime - _UPLOADED_BEFORE
    os.utime(place / name, (written, written))
    if drop.manifest:
        entry = {"name": name, "sha256": hashlib.sha256(data).hexdigest(), "rows": len(records)}
        (place / "manifest.json").write_text(json.dumps({"files": [entry]}, indent=1), encoding="utf-8")
    for each in city.faults:
        if each.fault.drop is not None:
            each.fault.drop(place)


def file_bytes(drop: Drop, headings: Sequence[str], records: Records) -> bytes:
    """Return the bytes of a file in the drop's format and encoding."""
    match drop.format:
        case "csv":
            return _csv(headings, records).encode(drop.encoding)
        case "xlsx":
            return _xlsx(headings, records)
        case "jsonl":
            return "".join(f"{json.dumps(record, ensure_ascii=False)}\n" for record in records).encode()
        case _:
            document = {"exported_at": "2026-11-01", "data": {"items": list(records)}}
            return json.dumps(document, ensure_ascii=False).encode()


def _csv(headings: Sequence[str], records: Records) -> str:
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(headings)
    writer.writerows([record[heading] for heading in headings] for record in records)
    return text.getvalue()


def _xlsx(headings: Sequence[str], records: Records) -> bytes:
    """Return a workbook whose every cell is text: a code stored as a number loses its last digits."""
    data = io.BytesIO()
    with xlsxwriter.Workbook(data, {"constant_memory": True, "in_memory": True}) as book:
        book.set_properties({"created": _WRITTEN})  # else the bytes would tell the time of writing
        sheet = book.add_worksheet("实施清单")
        for column, heading in enumerate(headings):
            sheet.write_string(0, column, heading)
        for row, record in enumerate(records, start=1):
            for column, heading in enumerate(headings):
                value = record[heading]
                if value is not None:
                    sheet.write_string(row, column, str(value))
    return data.getvalue()
