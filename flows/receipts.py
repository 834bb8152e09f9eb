"""Receipts (回执) for cities: what the ledger knows of a run, written where a city's staff can open it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

import polars as pl

from citysync.config.settings import Settings
from citysync.domain.alert import KIND_OF, fix_by
from citysync.domain.errors import ConfigError, StorageError
from citysync.domain.findings import RULE_LABELS
from citysync.domain.retention import Kind
from citysync.domain.snapshot import Snapshot
from citysync.domain.verdict import State
from citysync.domain.workdays import calendar
from citysync.reconciliation.checks import all_checks
from citysync.reconciliation.notes import NOTES
from citysync.reports.receipt import ReceiptRow, receipt_document, receipt_rows, write_receipt
from citysync.storage import catalogue, purges, reading
from citysync.storage.alerting import open_alerts
from citysync.storage.appeals import with_appeals
from citysync.storage.engine import Store
from citysync.storage.kept import read_snapshot
from citysync.storage.lives import with_first_seen, with_lives
from citysync.storage.reading import Listing
from citysync.storage.schema import open_store
from flows.night import SHANGHAI, chosen

Row = Mapping[str, Any]


def write_receipts(settings: Settings, codes: tuple[str, ...], folder: Path, run_id: str | None) -> list[Path]:
    """Write XLSX, CSV and JSON per city, of one run or of each city's last, and return the files.

    Raises ConfigError for a city the ledger has no verdict of; StorageError where a file cannot be written.
    """
    return [path for each in receipts_of(settings, codes, run_id) for path in each.write(folder)]


@dataclass(frozen=True)
class CityReceipt:
    """One city's receipt of one run: the verdict's row and the problems, ready to be written or sent."""

    code: str
    verdict: Row
    rows: Sequence[ReceiptRow]

    @property
    def on(self) -> date:
        """Return the run's business date."""
        return date.fromisoformat(self.verdict["business_date"])

    def write(self, folder: Path) -> list[Path]:
        """Write the files, each whole or not at all; raise StorageError."""
        return write_receipt(folder, self.code, self.verdict["name"], self.on, self.rows, self.verdict)

    def document(self) -> dict[str, object]:
        """Return the receipt for programs."""
        return receipt_document(self.code, self.verdict["name"], self.on, self.rows, self.verdict)


def receipts_of(settings: Settings, codes: tuple[str, ...], run_id: str | None) -> list[CityReceipt]:
    """Return the receipts of some cities, of one run or of each city's last.

    Raises ConfigError for a city the ledger has no verdict of.
    """
    cities = chosen(settings, codes)
    with open_store(settings.database, write=False) as store:
        rows = reading.latest_verdicts(store, tuple(cities)) if run_id is None else reading.verdicts_of(store, run_id)
        verdicts = {row["code"]: row for row in rows}
        missing = [code for code in cities if code not in verdicts]
        if missing:
            raise ConfigError(f"没有城市 {'、'.join(missing)} 的结论；先运行 citysync sync {missing[0]}")
        return [_receipt(settings, store, verdicts[code]) for code in cities]


def receipt_of(settings: Settings, store: Store, code: str, run_id: str) -> CityReceipt:
    """Return a city's receipt of one run; raise StorageError where the ledger no longer has its verdict."""
    verdict = next((row for row in reading.verdicts_of(store, run_id) if row["code"] == code), None)
    if verdict is None:
        raise StorageError(f"台账里没有运行 {run_id} 对 {code} 的结论")
    return _receipt(settings, store, verdict)


def _receipt(settings: Settings, store: Store, verdict: Row) -> CityReceipt:
    snapshot = _snapshot(settings, store, verdict)
    return CityReceipt(verdict["code"], _noted(store, verdict, snapshot), _rows(store, verdict, snapshot))


def _noted(store: Store, verdict: Row, snapshot: Snapshot | None) -> Row:
    notes = [] if snapshot is None else list(snapshot.notes)
    return {**verdict, "notes": notes, "fix_by": _fix_by(store, verdict)}


def _fix_by(store: Store, verdict: Row) -> str | None:
    """Return by when the city should be put right, as its messages and pages say; None where it need not act."""
    kind = KIND_OF.get(State(verdict["state"]))
    if kind is None or verdict.get("since") is None:
        return None
    opened_on = datetime.fromisoformat(str(verdict["since"])).astimezone(SHANGHAI).date()
    for alert in open_alerts(store):
        told_of = (alert.key.city_code, alert.key.kind) == (verdict["code"], kind)
        if told_of and alert.opened_on <= date.fromisoformat(verdict["business_date"]):
            opened_on = alert.opened_on
    return calendar().shown(fix_by(kind, opened_on, calendar()))


def _snapshot(settings: Settings, store: Store, verdict: Row) -> Snapshot | None:
    """Return what was pulled of a city, None if nothing was or it was purged since."""
    kept = reading.snapshot_of(store, verdict["code"], verdict["run_id"])
    if kept is None or Kind.SNAPSHOTS in purges.purged(store, verdict["code"], verdict["run_id"]):
        return None
    return read_snapshot(settings.data_dir / kept["path"])


def labels() -> dict[str, str]:
    """Return the Chinese label of every check, note and rejection rule."""
    checks = {name: str(module.LABEL) for name, module in all_checks().items()}
    return {**checks, **{name: note.LABEL for name, note in NOTES.items()}, **RULE_LABELS}


def _rows(store: Store, verdict: Row, snapshot: Snapshot | None) -> list[ReceiptRow]:
    code, run_id = verdict["code"], verdict["run_id"]
    found = reading.findings(store, code, run_id=run_id).rows
    refused = reading.rejections(store, code, run_id=run_id).rows
    return _in_words(verdict, *with_days(store, verdict, found, refused), _names(store, verdict, snapshot))


def receipt_of_some(
    settings: Settings, store: Store, verdict: Row, found: Sequence[Row], refused: Sequence[Row], chosen_by: str
) -> CityReceipt:
    """Return a city's receipt of some of a run's findings and rejected rows; ``chosen_by`` says in it which."""
    snapshot = _snapshot(settings, store, verdict)
    rows = _in_words(verdict, *with_days(store, verdict, found, refused), _names(store, verdict, snapshot))
    return CityReceipt(verdict["code"], {**_noted(store, verdict, snapshot), "chosen_by": chosen_by}, rows)


def row_of(verdict: Row, row: Row, names: Mapping[str, str], *, refused: bool) -> ReceiptRow:
    """Return the receipt's row of one finding or rejected row that has its days beside it (``with_days``)."""
    return _in_words(verdict, *(([], [row]) if refused else ([row], [])), names)[0]


def with_days(
    store: Store, verdict: Row, found: Sequence[Row], refused: Sequence[Row]
) -> tuple[Sequence[Row], Sequence[Row]]:
    """Return a run's findings and rejected rows, in their order, since when each is known beside it.

    Beside findings stands also what the city said against them, and the answer.
    """
    listed = Listing(verdict["run_id"], None, None, tuple(dict(row) for row in found))
    rejected = replace(listed, rows=tuple(dict(row) for row in refused))
    lived = with_appeals(store, verdict["code"], with_lives(store, verdict["code"], listed, calendar())).rows
    return lived, with_first_seen(store, verdict["code"], rejected).rows


def _in_words(verdict: Row, found: Sequence[Row], refused: Sequence[Row], names: Mapping[str, str]) -> list[ReceiptRow]:
    on = date.fromisoformat(verdict["business_date"])
    return receipt_rows(verdict["code"], dated(found), refused, found_on=on, labels=labels(), names=names)


def dated(rows: Iterable[Row]) -> list[Row]:
    """Return findings whose deadlines are written as people read them, estimates marked."""
    return [{**row, "due_on": _deadline(row["due_on"])} for row in rows]


def _deadline(due_on: str | None) -> str | None:
    return None if due_on is None else calendar().shown(date.fromisoformat(due_on))


def _names(store: Store, verdict: Row, snapshot: Snapshot | None) -> dict[str, str]:
    """Return item names by catalogue code (the master's) and by the codes the city sent (its own)."""
    master = catalogue.load_version(store, verdict["master_version"]).items
    names = dict(master.select("catalog_code", "task_name").iter_rows())
    if snapshot is None:
        return names
    rows = snapshot.rows
    for key in ("task_code", "task_handle_item"):
        if {key, "task_name"} <= set(rows.columns):
            sent = rows.select(key, "task_name").filter(pl.all_horizontal(pl.all().is_not_null()))
            names |= dict(sent.iter_rows())
    return names
