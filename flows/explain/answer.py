"""The answer of ``explain`` as one document: why a city stands as it does, and a code's way to each finding."""

from __future__ import annotations

from datetime import date
from typing import Any

import polars as pl

from citysync.config.cities import load_cities
from citysync.config.settings import Settings
from citysync.domain.city import City
from citysync.domain.divisions import division_name
from citysync.domain.errors import ConfigError
from citysync.domain.retention import Kind
from citysync.domain.sayings import NO_SNAPSHOT, SEARCHED
from citysync.reconciliation.obligations import duties, parents_of
from citysync.storage import followers, past, reading
from citysync.storage.approvals import approvals_used
from citysync.storage.engine import Store
from citysync.storage.schema import open_store
from citysync.storage.tracing import absent_since
from connectors import names, source_model
from flows.explain.record import Record, Row, record_of
from flows.explain.rows import CATALOG_LENGTH, Rows, master_item, normal, plain
from flows.explain.rules import rule_of

SCHEMA_VERSION = 1
_CATALOG = slice(19, 31)


def explain(
    settings: Settings, code: str, asked: str | None = None, row_no: int | None = None, run_id: str | None = None
) -> Row:
    """Return the document for a city, and for one code or one row of it.

    The run is the one asked for, by default the city's last. Where that one validated nothing, a code is looked for in
    the last run that did, and ``task.run_id`` says so. Raises ConfigError for a city, run or row nobody knows.
    """
    with open_store(settings.database, write=False) as store:
        city = _city(settings, code)
        record = record_of(settings, store, code, run_id, city)
        document = _about_city(record, store)
        if asked is None and row_no is None:
            return document
        looked_in = record if record.verdict["validated"] or run_id else _last_validated(record)
        return {**document, "task": _about_task(looked_in, asked, row_no)}


def explain_item(
    settings: Settings, store: Store, city: City, asked: str | None, row_no: int | None, run_id: str
) -> Row:
    """Return ``task`` of ``explain`` alone, for who knows how the city stands already. Raises as it does."""
    return _about_task(record_of(settings, store, city.code, run_id, city), asked, row_no)


def _city(settings: Settings, code: str) -> City | None:
    try:
        return load_cities(settings.cities_dir, source_model, names()).get(code)
    except ConfigError:  # a city file broken since: what was recorded can still be explained
        return None


def _last_validated(record: Record) -> Record:
    listing = reading.findings(record.store, record.code)
    if listing.run_id is None:
        return record
    return record_of(record.settings, record.store, record.code, listing.run_id, record.city)


def _about_city(record: Record, store: Store) -> Row:
    verdict = record.verdict
    run = reading.run_of(store, record.run_id) or {}
    good = past.adopted_snapshots(store, record.code, before=None)
    on = date.fromisoformat(verdict["business_date"])
    return {
        "schema_version": SCHEMA_VERSION,
        "city": record.code,
        "name": verdict["name"],
        "run_id": record.run_id,
        "business_date": verdict["business_date"],
        "master_version": verdict["master_version"],
        "rules_version": run.get("rules_version"),
        "state": verdict["state"],
        "since": verdict["since"],
        "grade": verdict["grade"],
        "axes": verdict["axes"],
        "reasons": [{**reason, "documented": _documented(reason["code"])} for reason in verdict["reasons"]],
        "counts": verdict["counts"],
        "certificate": verdict["certificate"],
        "evidence": _evidence(record),
        "approvals": approvals_used(store, record.code, record.run_id),
        "last_good": _in_force(store, record.code, good[0]) if good else None,
        "follows": followers.by_city(store, on).get(record.code, []),
        "about_source": [_finding(each) for each in record.said.about_source()],
        "findings": record.said.counted("check"),
        "rejections": record.said.counted("rule"),
    }


def _documented(code: str) -> str:
    found = str(rule_of(code)["documented"])
    return found if "rejection" not in found else "docs/states.md#reasons"


def _snapshot(record: Record) -> Row | None:
    if record.kept is None:
        return None
    path = record.settings.data_dir / record.kept["path"]
    return {**record.kept, "path": str(path), "on_disk": path.is_file()}


def _in_force(store: Store, code: str, good: Row) -> Row:
    return {**good, "approvals": approvals_used(store, code, good["run_id"])}


def _evidence(record: Record) -> Row:
    purged = [record.purged[kind] for kind in sorted(record.purged)]
    return {"snapshot": _snapshot(record), "pages": record.pages, "purged": purged, "notes": list(record.notes)}


def _about_task(record: Record, asked: str | None, row_no: int | None) -> Row:
    rows = [] if record.snapshot is None else _rows(Rows(record, record.snapshot), asked, row_no)
    if row_no is not None and not rows and Kind.SNAPSHOTS in record.purged:
        raise ConfigError(f"运行 {record.run_id} 的{record.purged[Kind.SNAPSHOTS]}，第 {row_no} 行无从查看")
    if row_no is not None and not rows:
        held = 0 if record.snapshot is None else record.snapshot.rows.height
        raise ConfigError(f"运行 {record.run_id} 的快照没有第 {row_no} 行（共 {held:,} 行）")
    catalogue = _catalogue(asked, rows)
    found = [_finding(each) for each in record.said.about(_codes(rows), catalogue)]
    return {
        "asked": asked,
        "row_no": row_no,
        "run_id": record.run_id,
        "business_date": record.verdict["business_date"],
        "master": master_item(record, catalogue),
        "obliged": _obliged(record, catalogue),
        "rows": rows,
        "findings": found,
        "absences": _absences(record, [each for each in found if each["check"] == "unclaimed"]),
        "searched": _searched(record, rows),
        "weighs": _weighs(record, found, rows),
    }


def _obliged(record: Record, catalog_code: str | None) -> list[str] | None:
    """Return the regions of the city that must have an item, None where that cannot be known any more."""
    if record.city is None or record.master is None or catalog_code is None:
        return None
    items = record.master.items
    asked = items.filter(pl.col("catalog_code") == catalog_code)  # each obliges by itself, main items apart
    due = duties(asked, parents_of(items), record.city, record.business_date)
    return sorted(due.get_column("areacode"))


def _rows(rows: Rows, asked: str | None, row_no: int | None) -> list[Row]:
    return rows.of_number(row_no) if row_no is not None else rows.of_code(asked or "")


def _catalogue(asked: str | None, rows: list[Row]) -> str | None:
    said = next((row["catalog_code"] for row in rows if row["catalog_code"]), None)
    if said is not None or asked is None:
        return None if said is None else str(said)
    code = plain(asked)
    return code if len(code) == CATALOG_LENGTH else code[_CATALOG] or None


def _codes(rows: list[Row]) -> set[str]:
    fields = [field for row in rows for field in row["fields"] if field["column"] in _KEYS]
    return {str(field["read_as"] or field["sent"]) for field in fields if field["read_as"] or field["sent"]}


_KEYS = ("task_code", "task_handle_item")


def _finding(row: Row) -> Row:
    sides = {f"{side}_normalised": normal(row[side]) for side in ("expected", "actual")}
    return {**row, **sides, "rule": rule_of(row["check"])}


def _absences(record: Record, findings: list[Row]) -> list[Row]:
    """Return what was looked for and not found, and since when."""
    since = absent_since(record.store, record.code, {_absent(each) for each in findings}, record.run_id)
    return [{**_absence(record, each), "since": since.get(_absent(each))} for each in findings]


def _absent(finding: Row) -> tuple[str, str | None]:
    return finding["catalog_code"], finding["areacode"]


def _absence(record: Record, finding: Row) -> Row:
    region, code = finding["areacode"], finding["catalog_code"]
    certificate: dict[str, Any] = record.verdict["certificate"] or {}
    return {
        "areacode": region,
        "area_name": record.verdict["name"] if region == record.code else division_name(region),
        "catalog_code": code,
        "looked_for": f"在用（事项状态为 1 或未写）、基本编码为 {code}、区划为 {region} 的行",
        "snapshot": _snapshot(record),
        "grade": record.verdict["grade"],
        "proof": certificate.get("proof"),
        "suspected": finding["suspected"],
    }


def _searched(record: Record, rows: list[Row]) -> str:
    if Kind.SNAPSHOTS in record.purged:
        return f"运行 {record.run_id} 的{record.purged[Kind.SNAPSHOTS]}，行无从查看；结论、发现与拒收仍在台账"
    if record.snapshot is None:
        return NO_SNAPSHOT.said(run=record.run_id)
    return SEARCHED.said(run=record.run_id, rows=f"{record.snapshot.rows.height:,}", found=len(rows))


def _weighs(record: Record, findings: list[Row], rows: list[Row]) -> list[str]:
    """Return the codes of the verdict's reasons that what was found here is part of."""
    kinds = {finding["check"] for finding in findings}
    if any(row["rejections"] for row in rows):
        kinds.add("too_many_rejected")
    return [reason["code"] for reason in record.verdict["reasons"] if reason["code"] in kinds]
