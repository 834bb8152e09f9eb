"""The checks behind ``doctor``: stable ids, four outcomes, a remedy for each; our own side first."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from citysync.config.cities import Cities, check_secrets, load_cities
from citysync.config.settings import Settings
from citysync.domain.city import City
from citysync.domain.divisions import divisions
from citysync.domain.errors import CitySyncError, ConfigError
from citysync.domain.run import Trigger
from citysync.domain.verdict import Verdict
from citysync.domain.workdays import Calendar, calendar
from citysync.storage import reading
from citysync.storage.schema import exists, open_store
from connectors import names, source_model
from flows.crew import crew_of
from flows.night import SHANGHAI, Asked, begin, walk_all

Outcome = Literal["pass", "warn", "fail", "skipped"]
OUTCOME_LABELS: dict[str, str] = {"pass": "通过", "warn": "警告", "fail": "不通过", "skipped": "未检查"}
EXIT_CODES = {("fail", "config"): 2, ("fail", "ours"): 3, ("fail", "city"): 1}
LOW_DISK_BYTES = 2 * 1024**3
IMPORT = "运行 citysync master import FILE"
CALENDAR_DUE = (12, 1)  # the State Council publishes next year's calendar in November


@dataclass(frozen=True)
class Result:
    """One check's outcome. ``side``: whose matter it is (config, ours, city)."""

    check_id: str
    outcome: Outcome
    side: str
    place: str
    text: str
    remedy: str = ""


def check_ourselves(settings: Settings, now: datetime) -> list[Result]:
    """Check configuration, secrets, ledger, master catalogue, calendar, divisions and disk."""
    today = now.astimezone(SHANGHAI).date()
    cities, results = _cities(settings)
    return [
        *results,
        *_ledger(settings, today),
        check_calendar(calendar(), today),
        *check_regions(cities.values(), today),
        check_disk(shutil.disk_usage(_existing(settings)).free),
    ]


def check_cities(settings: Settings, codes: tuple[str, ...], now: datetime) -> list[Result]:
    """Walk every city once without publishing anything, and say how each stands."""
    try:
        night = begin(Asked(Trigger.ON_DEMAND, codes, publish=False), settings, now)
    except CitySyncError as error:
        return [Result("city.pull", "skipped", "ours", "全部城市", str(error), "先处理上面的问题")]
    with crew_of(settings.workers) as crew:
        walk_all(night, crew, lambda _code, _text: None, lambda: now, settings.workers)
    return [check_city(city, night.verdicts[code]) for code, city in night.cities.items()]


def check_city(city: City, verdict: Verdict) -> Result:
    """Return how one city's trial pull went, by the worst of its reasons."""
    counts, place = verdict.counts, f"{city.code} {city.name}"
    if verdict.grade is None:
        return Result("city.pull", "fail", "city", place, verdict.reasons[0].text, "请按原因联系该市或检查网络")
    text = f"完整性 {verdict.grade}，收到 {counts.received} 行，拒收 {counts.rejected}，发现 {counts.findings}"
    if verdict.reasons:
        outcome: Outcome = "fail" if verdict.grade == "X" else "warn"
        return Result("city.pull", outcome, "city", place, f"{text}；{verdict.reasons[0].text}", "见原因")
    return Result("city.pull", "pass", "city", place, text)


def check_calendar(table: Calendar, today: date) -> Result:
    """From 1 December next year's working days must be known; this year's always."""
    missing = today.year > table.last_year
    due = missing or ((today.month, today.day) >= CALENDAR_DUE and today.year + 1 > table.last_year)
    text = f"工作日历到 {table.last_year} 年"
    remedy = "请按国务院办公厅通知补充 citysync/domain/workdays.csv；在此之前按周末推算（估算）"
    return Result("calendar.next_year", "warn" if due else "pass", "ours", "工作日历", text, remedy if due else "")


def check_regions(cities: Iterable[City], today: date) -> list[Result]:
    """Name the divisions at city level that lie under a covered province and have no city file."""
    codes = {city.code for city in cities}
    provinces = {code[:2] for code in codes}
    lacking = [
        f"{row.code} {row.name}"
        for row in divisions()
        if row.code.endswith("00") and not row.code.endswith("0000") and row.in_force(today)
        if row.code[:2] in provinces and row.code not in codes
    ]
    text = f"没有城市文件：{'、'.join(lacking)}" if lacking else "每个地级市都有城市文件"
    remedy = "不判定这些地区；如应接入，请添加城市文件" if lacking else ""
    return [Result("config.regions", "warn" if lacking else "pass", "config", "城市目录", text, remedy)]


def check_disk(free: int) -> Result:
    """Warn of a nearly full disk: it would end a night of raw pages and snapshots half way."""
    low = free < LOW_DISK_BYTES
    text = f"剩余 {free // 1024**2} MiB"
    return Result("disk.free", "warn" if low else "pass", "ours", "数据目录", text, "请清理磁盘" if low else "")


def _cities(settings: Settings) -> tuple[Cities, list[Result]]:
    try:
        cities = load_cities(settings.cities_dir, source_model, names())
    except ConfigError as error:
        return Cities({}, {}), [
            Result("config.cities", "fail", "config", str(settings.cities_dir), str(error), "按提示改正")
        ]
    enabled = sum(city.enabled for city in cities.values())
    found = Result("config.cities", "pass", "config", str(settings.cities_dir), f"{enabled}/{len(cities)} 个启用")
    try:
        check_secrets(cities, settings.secrets())
    except ConfigError as error:
        return cities, [found, Result("config.secrets", "fail", "config", "密钥", str(error), "按提示设置")]
    return cities, [found, Result("config.secrets", "pass", "config", "密钥", "全部可用")]


def _ledger(settings: Settings, today: date) -> list[Result]:
    url = settings.database
    try:
        if not exists(url):
            return [
                Result("ledger.open", "warn", "ours", "台账", "尚未建立", "第一次写入时自动建立"),
                Result("master.in_force", "fail", "ours", "基本目录", "尚未导入", IMPORT),
            ]
        with open_store(url, write=False) as store:
            opened = Result("ledger.open", "pass", "ours", "台账", "可读，版本一致")
            version = reading.master_version_in_force(store, today)
    except CitySyncError as error:
        return [Result(f"{error.reason}.state", "fail", "ours", "台账与基本目录", str(error), "按提示处理")]
    if version is None:
        return [
            opened,
            Result("master.in_force", "fail", "ours", "基本目录", "今天没有生效的版本", "citysync master import FILE"),
        ]
    return [opened, Result("master.in_force", "pass", "ours", "基本目录", f"当前生效 {version}")]


def _existing(settings: Settings) -> str:
    folder = settings.data_dir.resolve()
    while not folder.exists():
        folder = folder.parent
    return str(folder)
