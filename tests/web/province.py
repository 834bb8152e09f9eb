"""A small province with a few nights behind it, stored through the ledger's own doors: no run, no network."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path

import polars as pl

from citysync.config.settings import Settings
from citysync.domain.effort import JUDGE, PUBLISH, PULL, RECONCILE, VALIDATE, Effort, Step
from citysync.domain.outcome import TALLIES, CityRun
from citysync.domain.run import Run, Trigger
from citysync.domain.verdict import Axis, Fault, Reason, Standing, State
from citysync.storage.catalogue import save_master
from citysync.storage.ledger import finish_run, publish, start_run
from citysync.storage.schema import open_store
from tests.builders import a_master, a_snapshot, an_item
from tests.storage.cast import a_city_run, a_finding, a_rejection

LAST_DAY = date(2026, 11, 23)
NOW = datetime(2026, 11, 23, 0, 30, tzinfo=UTC)  # 08:30 in the province, the morning after
CITIES = {
    "440100": ("广州市", (1, 2)),
    "440200": ("韶关市", (1, 3)),
    "440300": ("深圳市", (2, 3)),
    "440900": ("茂名市", (2, 1)),
}
RECORDED = 2  # nights, the last ones, of which it was kept what they cost
S, W, N, H, U = State.IN_SYNC, State.OUT_OF_SYNC, State.NOT_SYNCED, State.HELD, State.UNKNOWN
# Each city's nights, oldest first; the last is this morning's.
NIGHTS: dict[str, Sequence[State]] = {
    "440100": (S, S, S, S, S, S, S, S),
    "440200": (S, S, S, U, S, S, S, H),
    "440300": (S, S, S, S, S, S, N, N),
    "440900": (S, S, S, S, W, W, W, W),
}
# What decided each state, in words like those of the line.
WHY = {
    State.OUT_OF_SYNC: (
        "elements_drift",
        Axis.CONSISTENT,
        Fault.DATA,
        "要素不一致 2 项（例：{code} 公共场所卫生许可）；请改为基本目录的名称",
    ),
    State.NOT_SYNCED: (
        "unreachable",
        Axis.REACHABLE,
        Fault.CITY,
        "{name}（{code}）接口拒绝连接；请检查接口服务；今日未对账，沿用 11月21日 快照",
    ),
    State.HELD: (
        "vanished",
        Axis.COMPLETE,
        Fault.CITY,
        "{name}（{code}）少了 90 %，未采用，未判缺失；请核实是否有意清理，再由省平台批准",
    ),
    State.UNKNOWN: ("crashed", Axis.REACHABLE, Fault.OURS, "本系统处理时出错；与 {name} 无关，请省平台值班查看"),
}
FINDINGS = (
    a_finding(areacode="440904"),
    a_finding(areacode="440904", catalog_code="440106043002"),
    a_finding(areacode="440900", check="unclaimed", field=None, expected=None, actual=None),
    a_finding(areacode="440900", check="phones_equal", severity="warning", field="link_way"),
)
# What each city counts, by region: due, met, items in use, of them without a visit; the rest follows from these.
COUNTED = {"440100": (40, 40, 50, 20), "440200": (30, 29, 30, 3), "440300": (60, 51, 80, 60), "440900": (20, 9, 12, 0)}
# How often one must appear in person, as each city's directory says it: over the cap, nothing said, once.
VISITS = {"440100": "0", "440300": None, "440900": "5"}
TARGETS = """
[[target]]
measure = "onboard"
percent = 95.98
by = 2026-11-20
document = "粤办函〔2026〕1号"

[[target]]
measure = "zero_visits"
percent = 40
by = 2026-12-31
"""


def write_cities(folder: Path, cities: dict[str, tuple[str, tuple[int, int]]] | None = None) -> None:
    """Write one file per city, which drops its directory into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for code, (name, (row, column)) in (cities or CITIES).items():
        place = f'tile = [{row}, {column}]\ncounties = []\ncontacts = ["{code}@city.example"]\n'
        text = f'name = {json.dumps(name)}\ncode = "{code}"\n{place}'
        source = f'[source]\nconnector = "file_drop"\npath = "../drop/{code}.json"\n'
        (folder / f"{code}.toml").write_text(text + source, encoding="utf-8")
    (folder / "_targets.toml").write_text(TARGETS, encoding="utf-8")


def a_province(folder: Path, nights: Mapping[str, Sequence[State]] | None = None, **names: str) -> Settings:
    """Store a province's nights in a folder and return its settings. ``names``: ``c440300="…"`` renames a city."""
    told = nights or NIGHTS
    cities = {code: (names.get(f"c{code}", name), place) for code, (name, place) in CITIES.items()}
    write_cities(folder / "cities", cities)
    settings = Settings(data_dir=folder / "data", cities_dir=folder / "cities")
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    length = max(len(states) for states in told.values())
    with open_store(settings.database, write=True) as store:
        items, since = a_master().items, LAST_DAY - timedelta(days=100)
        save_master(store, items, effective_on=since, changed=(), source="-", now=NOW, version="2026-11-20-1")
        for night in range(length):
            on = LAST_DAY - timedelta(days=length - 1 - night)
            run = _run(night + 1, on)
            start_run(store, run, [(code, cities[code][0]) for code in told])
            for code, states in told.items():
                cost = _cost(run, states[night]) if night >= length - RECORDED else None
                effort = None if cost is None else partial(replace, cost)
                publish(store, run, _walked(run, code, states[night]), settings.data_dir, effort=effort)
            finish_run(store, run.run_id, run.started_at + timedelta(minutes=41))
    return settings


def run_id_of(night: int) -> str:
    """Return the run of one night, counted from 1."""
    return f"20261123T020000-{night:06x}"


def _run(night: int, on: date) -> Run:
    started = datetime(on.year, on.month, on.day, 2, tzinfo=UTC) - timedelta(hours=8)  # 02:00 in the province
    return Run(run_id_of(night), Trigger.NIGHTLY, on, started, "2026-11-20-1")


def _walked(run: Run, code: str, state: State) -> CityRun:
    came = state not in {State.NOT_SYNCED, State.UNKNOWN, State.HELD}
    found = FINDINGS if state is State.OUT_OF_SYNC else ()
    refused = (a_rejection(),) if found else ()
    walked = a_city_run(run, *found, code=code, state=state, rejected=refused, received=1 if came else 0)
    reasons = () if state is State.IN_SYNC else (_reason(code, state),)
    verdict = replace(walked.verdict, reasons=reasons)
    if not came:
        return replace(walked, verdict=verdict)
    due, met, _, _ = COUNTED[code]
    verdict = replace(verdict, counts=replace(verdict.counts, due=due, met=met))
    item = an_item(areacode=code, dept_name=f"{CITIES[code][0]}卫生健康委员会", limit_scene_num=VISITS.get(code, "1"))
    return replace(walked, verdict=verdict, snapshot=a_snapshot([item], city_code=code), tallies=_tallies(code))


def _cost(run: Run, state: State) -> Effort | None:
    if state is State.NOT_SYNCED:
        tried = [Step(number * 5.0, f"第 1 页第 {number} 次未成功，{number} 秒后再试") for number in (1, 2, 3)]
        return Effort(run.started_at, 4, 3, 0, 0, {PULL: 21.0, JUDGE: 0.0}, tuple(tried))
    if state in {State.UNKNOWN, State.HELD}:
        return None
    spent = {PULL: 754.0, VALIDATE: 1.25, RECONCILE: 0.5, JUDGE: 0.04, PUBLISH: 0.3}
    told = tuple(Step(number * 1.5, f"第 {number}/16 页 · {number * 500:,} 条") for number in range(16))
    return Effort(run.started_at, 16, 1, 2_500_000, 11_000_000, spent, told, 1_234)


def _tallies(code: str) -> pl.DataFrame:
    due, met, rows, visits_0 = COUNTED[code]
    counts = {"due": due, "met": met, "rows": rows, "visits_0": visits_0, "visits_1": rows - visits_0}
    row = {**dict.fromkeys(TALLIES, 0), **counts, "areacode": code, "department": "卫生健康"}
    return pl.DataFrame([row], schema=TALLIES, orient="row")


def _reason(code: str, state: State) -> Reason:
    name = CITIES[code][0]
    kind, axis, fault, text = WHY[state]
    return Reason(kind, axis, Standing.FAILING, fault, text.format(name=name, code=code))
