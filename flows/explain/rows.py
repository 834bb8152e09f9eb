"""A row's way: the page it came on, its place there, what was sent, what it was read as, what became of it."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Any

import polars as pl

from citysync.domain import codes
from citysync.domain.city import City
from citysync.domain.items import KEY, NAMES, label
from citysync.domain.outcome import Validation
from citysync.domain.snapshot import Snapshot
from citysync.reconciliation.normalise import normalised
from citysync.storage import pages
from flows.explain.record import Record, Row
from flows.explain.rules import rule_of
from schemas.validate import together, validate

CATALOG_LENGTH = 12
COMPARED_WITH = {"catalog_name": "task_name"}  # where the master's own name for it is another
FATES = {
    "accepted": "接受，参加比对",
    "rejected": "拒收，没有参加比对",
    "merged": "与相同的另一行合并",
    "older": "同一事项有更高版本，按更高版本比对",
    "unknown": "城市文件已删除，无法重做校验",
}
_BESIDE = ("task_name", "task_type", "by_law", "catalog_name", "use_level", "limit_scene_num", "online_handle_depth")
_MASTER_TOO = (*_BESIDE, "task_version", "catalog_code")


class Rows:
    """The rows of a run's snapshot, as they can be asked for by code or number."""

    def __init__(self, record: Record, snapshot: Snapshot) -> None:
        self._record, self._snapshot = record, snapshot
        self._validation: Validation | None = None

    def of_code(self, code: str) -> list[Row]:
        """Return every row of a 实施编码, a 业务办理项编码 or a 基本编码, as sent or cleaned."""
        frame, wanted = self._snapshot.rows, plain(code)
        tests = [pl.lit(value=False)]
        for name in (*KEY, "catalog_code"):
            if name in frame.columns:
                tests += [codes.folded(pl.col(name)) == wanted, pl.col(name) == code]
        if "task_code" in frame.columns and len(wanted) == CATALOG_LENGTH:
            tests.append(codes.catalog_part(codes.folded(pl.col("task_code"))) == wanted)
        return self._traced_all(frame.filter(pl.any_horizontal(tests).fill_null(value=False)))

    def of_number(self, row_no: int) -> list[Row]:
        """Return the row of that number, if there is one."""
        return self._traced_all(self._snapshot.rows.filter(pl.col("row_no") == row_no))

    def _traced_all(self, found: pl.DataFrame) -> list[Row]:
        """Return rows with what became of them: validated are they and those that share their keys, no others."""
        city, on = self._record.city, self._record.business_date
        if city is not None and found.height:
            self._validation = validate(together(self._snapshot, city, found.get_column("row_no")), city, on)
        return [self._traced(row) for row in found.iter_rows(named=True)]

    def _traced(self, row: Row) -> Row:
        number = int(row["row_no"])
        rejected = [_rejection(found) for found in self._record.said.rejected(number)]
        typed = self._typed(number)
        return {
            "row_no": number,
            **self._place(row),
            "fate": self._fate(number, rejected, typed),
            "catalog_code": typed.get("catalog_code") if typed else self._said_catalogue(row),
            "rejections": rejected,
            "fields": list(self._fields(row, typed)),
        }

    def _place(self, row: Row) -> Row:
        """Return where a row stands: its page by hash, its number on it, the line and byte where its code is."""
        number = row["page_no"]
        page = self._record.page(number)
        on_page = self._snapshot.rows.filter(pl.col("page_no") == number)
        first = on_page.get_column("row_no").min()
        place = {"page": page, "page_row": int(row["row_no"]) - int(str(first)) + 1, "byte_offset": None, "line": None}
        if page is None or not page["on_disk"] or not row.get("task_code"):
            return place
        data = pages.read_page(self._record.settings.data_dir, page["sha256"])
        found = re.search(rb"(?<![0-9A-Za-z])" + re.escape(str(row["task_code"]).encode()) + rb"(?![0-9A-Za-z])", data)
        if found is None:
            return place
        return {**place, "byte_offset": found.start(), "line": data.count(b"\n", 0, found.start()) + 1}

    def _typed(self, number: int) -> Row | None:
        validation = self._validation
        if validation is None:
            return None
        found = validation.accepted.filter(pl.col("row_no") == number)
        return found.row(0, named=True) if found.height else None

    def _fate(self, number: int, rejected: list[Row], typed: Row | None) -> str:
        validation = self._validation
        if rejected or (validation is not None and number in validation.rejected["row_no"]):
            return "rejected"
        if validation is None:
            return "unknown"
        if typed is None:
            return "merged"
        same = validation.accepted.filter(*(pl.col(name).eq_missing(pl.lit(typed[name], pl.String)) for name in KEY))
        highest = same.get_column("task_version").max()
        return "accepted" if typed["task_version"] == highest else "older"

    def _said_catalogue(self, row: Row) -> str | None:
        sent = row.get("catalog_code") or str(row.get("task_code") or "")[19:31]
        return plain(sent) or None

    def _fields(self, row: Row, typed: Row | None) -> Any:  # noqa: ANN401 - a generator of plain rows
        catalogue = typed["catalog_code"] if typed else self._said_catalogue(row)
        theirs = master_item(self._record, catalogue)
        city = self._record.city
        for name in NAMES:
            if name not in row or (row[name] is None and name not in _BESIDE):
                continue
            wanted = theirs.get(COMPARED_WITH.get(name, name)) if theirs and name in _MASTER_TOO else None
            yield {
                "column": name,
                "label": label(name),
                "field": _field_of(city, name),
                "sent": row[name],
                "read_as": None if typed is None or typed[name] is None else str(typed[name]),
                "normalised": normal(row[name]),
                "master": wanted,
                "master_normalised": normal(wanted),
            }


def master_item(record: Record, catalog_code: str | None) -> Row | None:
    """Return a catalogue item of the run's master as plain texts, None if the master has none of that code."""
    if record.master is None or catalog_code is None:
        return None
    found = record.master.items.filter(pl.col("catalog_code") == catalog_code)
    if found.is_empty():
        return None
    return {name: _text(value) for name, value in found.row(0, named=True).items()}


@lru_cache(maxsize=4_096)
def normal(text: str | None) -> str | None:
    """Return a text as it is compared, None for nothing."""
    if text is None:
        return None
    value: str | None = pl.select(normalised(pl.lit(text))).item()
    return value


def plain(code: str) -> str:
    """Return a code folded as rows' codes are."""
    folded = unicodedata.normalize("NFKC", code)
    value: str = pl.select(codes.folded(pl.lit(folded))).item()
    return value


def _field_of(city: City | None, name: str) -> str:
    return name if city is None else city.fields.get(name, name)


def _rejection(row: Row) -> Row:
    return {**row, "rule": rule_of(row["rule"])}


def _text(value: object) -> str | None:
    if value is None:
        return None
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)
