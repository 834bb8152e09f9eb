"""A city's directory after a reform: some items re-coded, some renamed, one split, two merged. Told, asked, settled."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

from citysync.domain.outcome import CityRun
from citysync.domain.verdict import State
from citysync.storage.engine import Store
from citysync.storage.identity import Decision, Standing, decide, proposals
from citysync.storage.lives import lives_at
from tests.builders import BODY, NOW, TODAY, a_master_item, an_item
from tests.nights import nights

TRADES = re.findall("..", "采石养犬渔港旅馆烟花种子兽药测绘典当殡葬拍卖印章锅炉电梯游泳幼儿民办献血采血农机")
NAMES = [f"{trade}{kind}" for trade in TRADES for kind in ("经营场所许可", "从业人员登记")][:38]
CODES = [f"44010{1 + place % 9}{place:03}001" for place in range(len(NAMES))]
RECODED, RENAMED = range(4), range(10, 12)  # 10 % of 40, 5 % of 40
SPLIT, MERGED = "440177700000", "440188800000"
PARTS = {"440177700001": "危险货物港口作业审批（新证）", "440177700002": "危险货物港口作业审批（延续）"}
MERGING = {"440188800001": "水域滩涂养殖登记（新证）", "440188800002": "水域滩涂养殖登记（变更）"}


def a_row(code: str, name: str) -> dict[str, str | None]:
    return an_item(task_code=f"{BODY}3{code}", task_name=name)


def the_master() -> list[dict[str, object]]:
    wanted = {**dict(zip(CODES, NAMES, strict=True)), **PARTS, MERGED: "水域滩涂养殖登记"}
    return [a_master_item(catalog_code=code, task_name=name) for code, name in wanted.items()]


def the_directory() -> list[dict[str, str | None]]:
    """Return what the city sends: its own codes for four items, other words for two, one whole, two parts."""
    codes = {place: f"4401990{place:02}001" for place in RECODED}
    rows = [
        a_row(codes.get(place, code), f"{name}（夜间）" if place in RENAMED else name)
        for place, (code, name) in enumerate(zip(CODES, NAMES, strict=True))
    ]
    whole = a_row(SPLIT, "危险货物港口作业审批")
    return [*rows, whole, *(a_row(code, name) for code, name in MERGING.items())]


def counted(night: CityRun) -> tuple[int, int]:
    assert night.verdict.counts is not None
    return night.verdict.counts.missing, night.verdict.counts.overclaimed


def test_a_reform_is_proposed_whole_and_settled_by_confirmations(store: Store, tmp_path: Path) -> None:
    city = nights(store, tmp_path, *the_master())
    assert counted(city.night(the_directory())) == (7, 7)
    assert counted(city.night(the_directory())) == (7, 7), "nothing is applied unasked"
    asked = [row for row in proposals(store, "440300") if row["scope"] == "catalog"]
    assert {row["standing"] for row in asked} == {Standing.OPEN}
    assert sorted(row["change"] for row in asked) == ["merged", *["recoded"] * len(RECODED), "split"]
    for row in asked:
        decide(store, row["id"], Decision(Standing.CONFIRMED, "张三", NOW, TODAY, "粤府函〔2026〕12号"))
    settled = city.night(the_directory())
    assert counted(settled) == (0, 0)
    assert settled.verdict.state is State.OUT_OF_SYNC, "names that differ still do"
    _, lives = lives_at(store, "440300", settled.verdict.run_id)
    drifts = [(life.first_seen_on, life.closed_on) for life in lives if life.identity[0] == "elements_drift"]
    read_today = [(TODAY + timedelta(days=2), None)] * len(MERGING)
    assert sorted(drifts) == [*[(TODAY, None)] * len(RENAMED), *read_today], "renames are as old as they were"
