"""The facts of a city's list of differences: what is asked for, how many there are, and one page of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from citysync.domain.city import City
from citysync.domain.life import REJECTED
from citysync.domain.retention import Kind
from citysync.domain.workdays import calendar
from citysync.reports.rows import ReceiptRow
from citysync.storage import purges, reading
from citysync.storage.catalogue import items_of
from citysync.storage.differences import Differences, Wanted
from citysync.storage.facets import Facets
from citysync.storage.glimpse import codes_saying, rows_of_codes
from citysync.storage.past import adopted_snapshots
from citysync.web.problems import NotThere
from citysync.web.reading.reader import Reader
from flows.receipts import CityReceipt, receipt_of_some, row_of, with_days

PER_PAGE = 100
DAYS = {"new": 0, "week": 6, "month": 29}  # first seen since so many days before the list's day; older: before "month"
FIRST = (*DAYS, "older")
Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Asked:
    """What an address asks for. ``chosen``: of each filter the value; ``page`` counts from 1."""

    text: str = ""
    chosen: Mapping[str, str] = field(default_factory=dict)
    first: str = ""
    order: str = "weight"
    page: int = 1


@dataclass(frozen=True)
class ShownRow:
    """One difference: the receipt's own row, and what a list says beside it."""

    receipt: ReceiptRow
    status: str
    severity: str
    dept_name: str
    days: int
    appeal: Row | None = None


@dataclass(frozen=True)
class DifferencesFacts:
    """``verdict``: of the run whose snapshot is in force, None before the first; ``page``: the one that is shown."""

    city: City
    verdict: Row | None
    counted: Mapping[str, Counter[str | None]]
    total: int
    page: int
    rows: Sequence[ShownRow]


class List:
    """A city's list of differences in the snapshot in force."""

    def __init__(self, reader: Reader, code: str) -> None:
        self._reader, self.city = reader, reader.city(code)
        good = next(iter(adopted_snapshots(reader.store, code)), None)
        run_id = "" if good is None else str(good["run_id"])
        self.verdict = None if good is None else _verdict(reader, code, run_id)
        self._path = None if good is None else _kept(reader, code, good)
        self._all = None if good is None else Differences(reader.store, code, run_id)
        self.facets = Facets({}) if good is None else kept_facets(reader, code, run_id)

    def facts(self, asked: Asked) -> DifferencesFacts:
        """Return one page of what is asked for; a page beyond the last is the last."""
        if self._all is None or self.verdict is None:
            return DifferencesFacts(self.city, None, {}, 0, 1, ())
        total, page, rows = self._page(self._all, self._wanted(asked), asked.page)
        return DifferencesFacts(self.city, self.verdict, self.facets.counted(), total, page, self._shown(rows))

    def _page(self, every: Differences, wanted: Wanted, page: int) -> tuple[int, int, Sequence[Row]]:
        """Return how many there are, which page that is, and its rows; filters alone need not be counted again."""
        if wanted.text or wanted.since is not None or wanted.before is not None:
            total, rows = every.counted_rows(wanted, PER_PAGE, (page - 1) * PER_PAGE)
            if rows or page == 1:
                return total, page, rows
            total = every.count(wanted)
        else:
            total = self.facets.of(wanted.chosen)
        page = min(page, max(1, -(-total // PER_PAGE)))
        return total, page, every.rows(wanted, PER_PAGE, (page - 1) * PER_PAGE)

    def receipt(self, asked: Asked, chosen_by: str) -> CityReceipt:
        """Return everything that is asked for as a receipt; raise ``NotThere`` where nothing was ever adopted."""
        if self._all is None or self.verdict is None:
            raise NotThere(self.city.code)
        rows = self._all.rows(self._wanted(asked))
        found = [row for row in rows if row["severity"] != REJECTED]
        refused = [_as_rejection(row) for row in rows if row["severity"] == REJECTED]
        return receipt_of_some(self._reader.settings, self._reader.store, self.verdict, found, refused, chosen_by)

    @property
    def on(self) -> date:
        """Return the day of the list; raise ``NotThere`` where nothing was ever adopted."""
        if self.verdict is None:
            raise NotThere(self.city.code)
        return date.fromisoformat(self.verdict["business_date"])

    def _wanted(self, asked: Asked) -> Wanted:
        since = self.on - timedelta(days=DAYS[asked.first]) if asked.first in DAYS else None
        before = self.on - timedelta(days=DAYS["month"]) if asked.first == "older" else None
        sent = codes_saying(self._path, asked.text) if asked.text and self._path else []
        return Wanted(asked.chosen, asked.text, sent, since, before, asked.order)

    def _shown(self, rows: Sequence[Row]) -> list[ShownRow]:
        verdict, store = self.verdict or {}, self._reader.store
        keys = {str(row[name]) for row in rows for name in ("task_code", "task_handle_item") if row[name]}
        sent = rows_of_codes(self._path, keys, ("task_name", "dept_name")) if self._path else []
        items = items_of(store, verdict["master_version"], {row["catalog_code"] for row in rows if row["catalog_code"]})
        names, depts = _said(items, sent, "task_name"), _said(items, sent, "dept_name")
        found = [row for row in rows if row["severity"] != REJECTED]
        refused = [_as_rejection(row) for row in rows if row["severity"] == REJECTED]
        lived, known = (iter(part) for part in with_days(store, verdict, found, refused))
        return [self._row(next(known if row["severity"] == REJECTED else lived), names, depts) for row in rows]

    def _row(self, row: Row, names: Mapping[str, str], depts: Mapping[str, str]) -> ShownRow:
        receipt = row_of(self.verdict or {}, row, names, refused=row["severity"] == REJECTED)
        age = row.get("age_workdays")
        days = calendar().workdays_between(date.fromisoformat(receipt.found_on), self.on) if age is None else int(age)
        dept = next((depts[row[key]] for key in _CODES if row[key] in depts), "")
        return ShownRow(receipt, str(row["status"]), str(row["severity"]), dept, days, row.get("appeal"))


def kept_facets(reader: Reader, code: str, run_id: str) -> Facets:
    """Return how many differences of each kind a city had in a run, counted the first time somebody asks."""

    def count() -> Facets:
        return Differences(reader.store, code, run_id).facets()

    return reader.facets.of(code, run_id, count)


_CODES = ("task_handle_item", "task_code", "catalog_code")


def _said(items: Mapping[str, Row], sent: Sequence[Row], column: str) -> dict[str, str]:
    """Return by code what the master says of an item, and over it what the city says of its own rows."""
    said = {code: str(item[column]) for code, item in items.items() if item[column] is not None}
    for key in ("task_code", "task_handle_item"):
        said |= {row[key]: row[column] for row in sent if row.get(key) is not None and row.get(column) is not None}
    return said


def _as_rejection(row: Row) -> dict[str, Any]:
    """Return a rejected row of the list under the names its own table has."""
    return {**row, "rule": row["check"], "value": row["actual"]}


def _verdict(reader: Reader, code: str, run_id: str) -> Row:
    return next(row for row in reading.verdicts_of(reader.store, run_id) if row["code"] == code)


def _kept(reader: Reader, code: str, good: Row) -> Path | None:
    """Return where the snapshot lies, None where the retention removed it."""
    if Kind.SNAPSHOTS in purges.purged(reader.store, code, str(good["run_id"])):
        return None
    return reader.settings.data_dir / str(good["path"])
