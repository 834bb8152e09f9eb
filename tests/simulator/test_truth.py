"""The line finds in a simulated province exactly what was put there: same key, check, field, expected, actual."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from citysync.domain.memory import Memory
from citysync.simulator.province import Differences, Province, build_province, shuffled
from citysync.simulator.truth import FINDING_KEYS, REJECTION_KEYS, CityTruth, in_order
from tests.simulator.walk import Walk, walking


def found(walk: Walk, code: str) -> CityTruth:
    """Return what the first night finds; where it saw absences, a second one says what they settle to."""
    run = walk.judge(code)
    absent = run.findings.filter(pl.col("check") == "unclaimed")
    assert absent.get_column("suspected").all()
    seen = frozenset(absent.select("areacode", "catalog_code").iter_rows())
    settled = walk.judge(code, Memory(absent_before=seen)).verdict.state if seen else run.verdict.state
    findings = in_order([{key: row[key] for key in FINDING_KEYS} for row in run.findings.to_dicts()])
    rejections = in_order([{key: row[key] for key in REJECTION_KEYS} for row in run.rejected.to_dicts()])
    verdict, kinds = run.verdict, walk.province.cities[code].truth.kinds
    return CityTruth(
        verdict.state.value, verdict.grade, findings, rejections, verdict.counts.as_dict(), kinds, settled.value
    )


def agrees(province: Province, folder: Path) -> None:
    with walking(province, folder) as walk:
        for code, city in province.cities.items():
            assert found(walk, code) == city.truth, f"{code} {city.name} {city.plan.dialect}"


@pytest.mark.parametrize("mode", ["none", "demo", "all"])
def test_the_line_finds_what_was_injected(mode: Differences, tmp_path: Path) -> None:
    agrees(build_province(21, 150, differences=mode), tmp_path)


def test_the_order_of_rows_pages_and_cities_changes_nothing(tmp_path: Path) -> None:
    agrees(shuffled(build_province(22, 150, differences="all"), 5), tmp_path)
