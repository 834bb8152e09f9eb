"""A province with ninety nights behind it, written straight into the ledger's own tables: nothing is run."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import sqlalchemy as sa

from citysync.config.settings import Settings
from citysync.domain.catalogue import MASTER
from citysync.domain.divisions import division_name
from citysync.domain.findings import FINDINGS
from citysync.domain.life import IDENTITY
from citysync.domain.snapshot import Certificate, Grade, Snapshot
from citysync.domain.tallies import COUNTS
from citysync.domain.verdict import Axis, Counts
from citysync.storage import tables
from citysync.storage.catalogue import save_master
from citysync.storage.pages import write_snapshot
from citysync.storage.schema import open_store

LAST = date(2026, 11, 23)
NOW = datetime(2026, 11, 23, 0, 30, tzinfo=UTC)
NIGHTS, ITEMS, FOUND, PAGES = 90, 10_000, 500, 100
WORST, WORST_FOUND = "440300", 50_000
CITIES = tuple(f"44{number:02}00" for number in (*range(1, 10), *range(12, 19), *range(51, 54), 20, 19))[:21]
VERSION = "2026-08-01-1"
_BODY = "11440300007542098E"
_CHANGES_EVERY = 10  # a directory that did not change is one file: snapshots are named by their content
_CHECKS = ("elements_drift", "unclaimed", "promise_over_legal", "phones_equal")
Row = dict[str, Any]


def build(folder: Path) -> Settings:
    """Write the province into a folder and return its settings; one that is there already is kept."""
    settings = Settings(data_dir=folder / "data", cities_dir=folder / "cities")
    done = folder / "whole"
    if done.exists():
        return settings
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    _write_cities(settings.cities_dir)
    with open_store(settings.database, write=True) as store:
        since = LAST - timedelta(days=NIGHTS + 10)
        save_master(store, _master(), effective_on=since, changed=(), source="-", now=NOW, version=VERSION)
        for night in range(1, NIGHTS + 1):
            with store.writing() as connection:
                connection.execute(sa.insert(tables.runs), _run(night))
                for place, code in enumerate(CITIES):
                    _publish(connection, settings, night, place, code)
        with store.writing() as connection:
            for code in CITIES:
                connection.execute(sa.insert(tables.finding_lives), list(_lives(code)))
    done.touch()
    return settings


def counties_of(code: str) -> tuple[str, ...]:
    """Return the five counties each city of the benchmark has."""
    return tuple(f"{code[:4]}{number:02}" for number in range(2, 7))


def _write_cities(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for place, code in enumerate(CITIES):
        counties = ", ".join(f'"{each}"' for each in counties_of(code))
        head = f'name = "{division_name(code)}"\ncode = "{code}"\ntile = [{place // 7 + 1}, {place % 7 + 1}]\n'
        source = f'counties = [{counties}]\n[source]\nconnector = "file_drop"\npath = "../drop/{code}.json"\n'
        (folder / f"{code}.toml").write_text(head + source, encoding="utf-8")


def _catalog(number: int) -> str:
    return f"4401{number // 1000:02}{number % 1000:03}001"


def _master() -> pl.DataFrame:
    empty = dict.fromkeys(MASTER)
    rows = [
        {**empty, "catalog_code": _catalog(number), "task_name": f"第{number}项许可", "task_type": "01"}
        | {"use_level": ["3", "4"], "dept_name": f"省第{number % 40}厅", "applies_to": [], "by_law": "《条例》第四条"}
        for number in range(ITEMS)
    ]
    return pl.DataFrame(rows, schema=MASTER, orient="row")


def _run(night: int) -> Row:
    on = LAST - timedelta(days=NIGHTS - night)
    started = datetime(on.year, on.month, on.day, 2, tzinfo=UTC) - timedelta(hours=8)
    return {
        "seq": night,
        "run_id": f"{on:%Y%m%d}T020000-{night:06x}",
        "trigger": "nightly",
        "status": "finished",
        "business_date": on,
        "started_at": started,
        "finished_at": started + timedelta(minutes=41),
        "master_version": VERSION,
        "rules_version": "1",
    }


def _publish(connection: sa.Connection, settings: Settings, night: int, place: int, code: str) -> None:
    owner = {"run_seq": night, "city_code": code}
    at = _run(night)["finished_at"]
    found = WORST_FOUND if (code, night) == (WORST, NIGHTS) else FOUND
    snapshot = _snapshot(code, night // _CHANGES_EVERY, at)
    path = write_snapshot(settings.data_dir, snapshot).relative_to(settings.data_dir).as_posix()
    enrolled = {**owner, "position": place, "city_name": division_name(code)}
    connection.execute(sa.insert(tables.run_cities), enrolled)
    connection.execute(sa.insert(tables.verdicts), {**owner, **_verdict(snapshot, found, at)})
    connection.execute(sa.insert(tables.findings), [{**owner, **row} for row in _dated(code, found, night)])
    connection.execute(sa.insert(tables.tallies), [{**owner, **row} for row in _tallies(code)])
    pages = [
        {**owner, "position": number, "number": number, "url": f"https://zwfw.example/{number}"}
        | {"sha256": "ab" * 32, "size": 100_000, "fetched_at": at}
        for number in range(1, PAGES + 1)
    ]
    connection.execute(sa.insert(tables.pages), pages)
    kept = {"path": path, "rows": snapshot.rows.height, "taken_at": at, "adopted": True}
    connection.execute(sa.insert(tables.snapshots), {**owner, **kept})


def _verdict(snapshot: Snapshot, found: int, at: datetime) -> Row:
    rows = snapshot.rows.height
    counts = Counts(received=rows, accepted=rows, findings=found, missing=found // 4, drifted=found // 4)
    text = f"要素不一致 {found // 4} 项；请改为基本目录的名称"
    axes = {axis.value: "failing" if axis is Axis.CONSISTENT else "ok" for axis in Axis}
    reason = {"code": "elements_drift", "axis": "consistent", "standing": "failing", "fault": "data", "text": text}
    return {
        "state": "out_of_sync",
        "since": at,
        "judged_at": at,
        "grade": "A",
        "axes": axes,
        "reasons": [reason],
        "counts": counts.as_dict(),
        "certificate": asdict(snapshot.certificate),
        "validated": True,
        "adopted": True,
    }


def _findings(code: str, found: int) -> Iterator[Row]:
    empty = dict.fromkeys(FINDINGS)
    counties = counties_of(code)
    for number in range(found):
        item, county = number % ITEMS, counties[number // ITEMS % len(counties)]
        check = _CHECKS[number % len(_CHECKS)]
        yield {
            **empty,
            "position": number + 1,
            "check": check,
            "severity": "warning" if check == "phones_equal" else "error",
            "fault": "data",
            "suspected": check == "unclaimed" and number % 8 == 1,
            "task_code": None if check == "unclaimed" else f"{_body(county)}4{_catalog(item)}",
            "catalog_code": _catalog(item),
            "areacode": county,
            "field": None if check == "unclaimed" else "task_name",
            "expected": f"第{item}项许可",
            "actual": f"第{item}项许可证",
            "hint": "改为基本目录的名称",
        }


def _dated(code: str, found: int, night: int) -> Iterator[Row]:
    """Yield the findings of a night, each with the first day its lives will say."""
    for place, row in enumerate(_findings(code, found)):
        opened = 1 if place < FOUND else 1 + place % NIGHTS
        yield {**row, "first_seen_on": _run(min(opened, night))["business_date"]}


def _tallies(code: str) -> Iterator[Row]:
    """Yield what was counted of a city, by county and department."""
    places = counties_of(code) if code == WORST else counties_of(code)[:1]
    for position, (county, number) in enumerate((county, number) for county in places for number in range(40)):
        counts = dict.fromkeys(COUNTS, ITEMS // 40)
        yield {"position": position, "areacode": county, "department": f"省第{number}厅", **counts}


def _lives(code: str) -> Iterator[Row]:
    """Yield the open lives of the last night, each known for some nights, and as many closed as a city has a night."""
    for place, row in enumerate(_findings(code, WORST_FOUND if code == WORST else FOUND)):
        opened = 1 + place % NIGHTS
        known = {"city_code": code, **{key: row[key] for key in (*IDENTITY, "severity")}}
        begun = {**_span("opened", opened), **_span("confirmed", opened)}
        yield {**known, **begun, "last_seen_on": LAST, **_span("closed", None)}
        if place < FOUND and opened > 1:
            gone = _span("closed", opened - 1)
            before = {**_span("opened", 1), **_span("confirmed", 1)}
            yield {**known, **before, "last_seen_on": gone["closed_on"], **gone}


def _span(what: str, night: int | None) -> Row:
    return {f"{what}_run": night, f"{what}_on": None if night is None else _run(night)["business_date"]}


def _body(county: str) -> str:
    return f"11{county}{_BODY[8:]}"


def _snapshot(code: str, change: int, at: datetime) -> Snapshot:
    places = counties_of(code) if code == WORST else counties_of(code)[:1]
    numbers = pl.int_range(ITEMS, eager=True)
    parts = [_rows(county, numbers, change) for county in places]
    rows = pl.concat(parts).with_row_index("row_no", offset=1).with_columns(pl.col("row_no").cast(pl.Int64))
    held = rows.height
    certificate = Certificate(Grade.A, held, held, held, PAGES, "声明总数与实收一致")
    return Snapshot(code, at, rows, (), certificate, (), None)


def _rows(county: str, numbers: pl.Series, change: int) -> pl.DataFrame:
    catalog = pl.Series([_catalog(number) for number in numbers])
    return pl.DataFrame({"number": numbers, "catalog": catalog}).select(
        page_no=(pl.col("number") // (ITEMS // PAGES) + 1).cast(pl.Int64),
        task_code=pl.lit(f"{_body(county)}4") + pl.col("catalog"),
        task_name=pl.format("第{}项许可证", "number"),
        task_type=pl.lit("01"),
        by_law=pl.format("《条例》第{}条", "number"),
        task_state=pl.lit("1"),
        task_version=pl.lit("1"),
        dept_name=pl.format("{}第{}局", pl.lit(division_name(county)), pl.col("number") % 40),
        areacode=pl.lit(county),
        limit_scene_num=(pl.col("number") % 4).cast(pl.String),
        promise_day=(pl.col("number") % 20 + change).cast(pl.String),
        anticipate_day=(pl.col("number") % 30).cast(pl.String),
        link_way=pl.format("0755-{}", pl.col("number") + 10_000_000),
    )
