"""A cast of one city, its items and its master catalogue; every default is in sync."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

import polars as pl

from citysync.domain import items
from citysync.domain.catalogue import MASTER, MasterCatalogue
from citysync.domain.city import City, SourceBase
from citysync.domain.snapshot import Certificate, Grade, Snapshot

TODAY = date(2026, 11, 23)
NOW = datetime(2026, 11, 23, 17, 30, tzinfo=UTC)
BODY = "11440300007542098E"  # a body whose check character is right
CATALOG_CODE = "440106043001"
TASK_CODE = f"{BODY}3{CATALOG_CODE}"


def an_item(**changes: str | None) -> dict[str, str | None]:
    """Return one row of 深圳市 as sent, in sync with ``a_master()``."""
    row: dict[str, str | None] = {
        "task_code": TASK_CODE,
        "task_name": "公共场所卫生许可",
        "task_type": "01",
        "by_law": "《公共场所卫生管理条例》第四条",
        "task_state": "1",
        "task_version": "1",
        "dept_name": "深圳市卫生健康委员会",
        "areacode": "440300",
        "anticipate_day": "20",
        "anticipate_type": "1",
        "promise_day": "10",
        "promise_type": "1",
        "limit_scene_num": "1",
        "limit_scene_explain": "核验原件",
        "link_way": "0755-12345678",
        "supervise_way": "0755-12345",
        "is_fee": "0",
        "fee_basis": None,
        "is_online": "1",
        "online_handle_depth": "二级",
        "handle_type": "1,2",
    }
    return {**row, **changes}


def a_city(**changes: Any) -> City:
    """Return 深圳市 without counties, reading canonical names, tolerating nothing."""
    raw: dict[str, Any] = {
        "code": "440300",
        "name": "深圳市",
        "counties": (),
        "source": SourceBase(connector="file_drop"),
    }
    return City(**{**raw, **changes})


def a_snapshot(
    rows: Sequence[Mapping[str, str | None]],
    *,
    grade: Grade = Grade.A,
    city_code: str = "440300",
    absent: Sequence[str] = (),
    unknown_fields: tuple[str, ...] = (),
    source_changed_at: datetime | None = None,
) -> Snapshot:
    """Return a snapshot of rows as a connector would hand it on; columns no row mentions are absent."""
    sent = [name for name in items.NAMES if any(name in row for row in rows) and name not in absent]
    frame = pl.DataFrame(
        {
            "row_no": pl.Series(range(1, len(rows) + 1), dtype=pl.Int64),
            "page_no": pl.Series([1] * len(rows), dtype=pl.Int64),
            **{name: pl.Series([row.get(name) for row in rows], dtype=pl.String) for name in sent},
        }
    )
    certificate = Certificate(grade, len(rows), len(rows), len(rows), 1, "声明总数与实收一致")
    return Snapshot(city_code, NOW, frame, (), certificate, unknown_fields, source_changed_at)


def a_master_item(**changes: Any) -> dict[str, Any]:
    """Return one item of the master catalogue that ``an_item()`` meets."""
    item: dict[str, Any] = dict.fromkeys(MASTER)
    item |= {
        "catalog_code": CATALOG_CODE,
        "task_name": "公共场所卫生许可",
        "task_type": "01",
        "use_level": ["3"],
        "by_law": "《公共场所卫生管理条例》第四条",
        "applies_to": [],
    }
    return {**item, **changes}


def a_master(*changed: dict[str, Any], changes: Mapping[str, date] | None = None) -> MasterCatalogue:
    """Return a master catalogue of the given items (by default the one item)."""
    frame = pl.DataFrame(list(changed) or [a_master_item()], schema=MASTER, orient="row")
    return MasterCatalogue("2026-11-20-1", date(2026, 11, 20), frame, changes or {})
