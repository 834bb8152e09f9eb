"""Runs and results to publish; every default is one city in sync."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl

from citysync.domain.findings import FINDINGS, REJECTIONS, no_findings, no_rejections
from citysync.domain.outcome import CityRun
from citysync.domain.run import Run, Trigger
from citysync.domain.snapshot import RawPage
from citysync.domain.verdict import Axis, Counts, Fault, Reason, Standing, State, Verdict
from citysync.storage.engine import Store
from citysync.storage.ledger import Published, publish, start_run
from citysync.storage.schema import open_store
from tests.builders import CATALOG_CODE, NOW, TASK_CODE, TODAY, a_snapshot, an_item

CITIES = (("440300", "深圳市"), ("440100", "广州市"))


def a_run(serial: int = 1, *, on: date = TODAY, trigger: Trigger = Trigger.NIGHTLY) -> Run:
    return Run(f"20261123T173000-{serial:06x}", trigger, on, NOW + timedelta(days=serial - 1), "2026-11-20-1")


def a_finding(**changes: Any) -> dict[str, Any]:
    row: dict[str, Any] = dict.fromkeys(FINDINGS)
    row |= {
        "check": "elements_drift",
        "severity": "error",
        "fault": "data",
        "suspected": False,
        "task_code": TASK_CODE,
        "catalog_code": CATALOG_CODE,
        "areacode": "440300",
        "field": "task_name",
        "expected": "公共场所卫生许可",
        "actual": "公共场所卫生许可证",
        "due_on": date(2026, 11, 30),
        "hint": "改为基本目录的名称",
    }
    return {**row, **changes}


def a_rejection(**changes: Any) -> dict[str, Any]:
    row: dict[str, Any] = {
        "row_no": 7,
        "task_code": None,
        "field": "task_code",
        "rule": "task_code_missing",
        "value": None,
        "expected": "31 位实施编码",
        "hint": "补上实施编码",
    }
    return {**row, **changes}


def a_city_run(
    run: Run,
    *findings: dict[str, Any],
    code: str = "440300",
    state: State = State.IN_SYNC,
    rejected: tuple[dict[str, Any], ...] = (),
    received: int = 1,
    judged_at: datetime | None = None,
) -> CityRun:
    """Return one city's result; with ``received=0`` nothing came and nothing was validated."""
    reason = Reason("elements_drift", Axis.CONSISTENT, Standing.FAILING, Fault.DATA, "深圳市：1 项与基本目录不一致")
    page = RawPage(1, "https://zwfw.example/api?page=1", "ab" * 32, 10, NOW)
    verdict = Verdict(
        city_code=code,
        run_id=run.run_id,
        state=state,
        axes=dict.fromkeys(Axis, Standing.OK) | ({Axis.CONSISTENT: Standing.FAILING} if findings else {}),
        reasons=(reason,) if findings else (),
        counts=Counts(received=received, accepted=received, findings=len(findings)),
        judged_at=judged_at or run.started_at + timedelta(minutes=5),
        grade="A" if received else None,
    )
    return CityRun(
        verdict=verdict,
        snapshot=a_snapshot([an_item()], city_code=code) if received else None,
        pages=(page, page) if received else (),
        findings=pl.DataFrame(list(findings), schema=FINDINGS, orient="row") if findings else no_findings(),
        rejected=pl.DataFrame(list(rejected), schema=REJECTIONS, orient="row") if rejected else no_rejections(),
        adopted=received > 0,
    )


def a_night(store: Store, folder: Path, serial: int, state: State, *, received: int = 1) -> Published:
    """Publish one night of 深圳市 in the given state."""
    run = a_run(serial, on=TODAY + timedelta(days=serial - 1))
    start_run(store, run, CITIES)
    return publish(store, run, a_city_run(run, state=state, received=received), folder)


def publish_from_another_process(url: str, folder: str, code: str, count: int) -> bool:
    """Publish one city with ``count`` findings, as a child of the nightly run does."""
    run = a_run()
    with open_store(url, write=True, check=False) as store:
        return publish(store, run, a_city_run(run, *[a_finding()] * count, code=code), Path(folder)).new


def create_from_another_process(url: str) -> None:
    """Open a ledger that may not exist yet."""
    open_store(url, write=True).close()
