"""The ledger and the master catalogue in it: can they be read and written, are they of today, is nothing left over."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cached_property

import sqlalchemy as sa

from citysync.config.settings import Settings
from citysync.storage import reading
from citysync.storage.engine import Store
from citysync.storage.schema import exists, open_store
from citysync.storage.tracing import deserted
from flows.doctor.outcome import Said, failed, passed, skipped, warned

IMPORT = "运行 citysync master import FILE"
MASTER_OLD_DAYS = 180
CLOCK_NOTED, CLOCK_WRONG = timedelta(seconds=5), timedelta(minutes=5)


@dataclass
class Ledger:
    """The ledger as the checks see it, opened once by the first that asks. Close it.

    ``patience_seconds``: how long a trial write waits for another writer.
    """

    settings: Settings
    now: datetime
    today: date
    patience_seconds: float = 3.0

    @cached_property
    def store(self) -> Store | None:
        """Return the ledger open for reading, None where there is none yet. Raises StorageError."""
        url = self.settings.database
        return open_store(url, write=False) if exists(url) else None

    def close(self) -> None:
        """Close what a check opened."""
        store = self.__dict__.get("store")
        if isinstance(store, Store):
            store.close()


def opens(ledger: Ledger) -> Said:
    """Can the ledger be opened, and is it of this program's version?"""
    if ledger.store is None:
        return warned("尚未建立", f"第一次写入时自动建立；{IMPORT}")
    return passed("可读，版本一致")


def writes(ledger: Ledger) -> Said:
    """Could a run write into it now? A writing transaction removes no row from it."""
    if ledger.store is None:
        return skipped("尚未建立")
    with (
        open_store(ledger.settings.database, write=True, busy_seconds=ledger.patience_seconds) as store,
        store.writing() as connection,
    ):
        connection.execute(sa.text("DELETE FROM runs WHERE 1 = 0"))
    return passed("可写，没有别的进程占住")


def clock(ledger: Ledger) -> Said:
    """Does our clock agree with the database's, and is it not behind what is already written?"""
    store = ledger.store
    if store is None:
        return skipped("尚未建立")
    last = reading.last_run(store)
    if last is not None and datetime.fromisoformat(last["started_at"]) > ledger.now + CLOCK_WRONG:
        text = f"本机时间 {ledger.now:%Y-%m-%d %H:%M} 早于最近一次运行的开始 {last['started_at'][:16]}（UTC）"
        return failed(text, "系统时钟异常：请校时（NTP）后再运行，期限与新旧都按时钟计算")
    if store.is_sqlite:
        return passed("不早于最近一次运行（SQLite 与本机同一时钟）")
    with store.reading() as connection:
        theirs: datetime = connection.execute(sa.text("SELECT clock_timestamp()")).scalar_one()
    return skew(datetime.now(UTC) - theirs, "数据库")


def skew(difference: timedelta, whose: str) -> Said:
    """Return what a difference between our clock and another means: noted above seconds, wrong above minutes."""
    size = abs(difference)
    text = f"本机时钟比{whose}{'快' if difference > timedelta() else '慢'} {size.total_seconds():.0f} 秒"
    if size > CLOCK_WRONG:
        return failed(text, "请在两侧校时（NTP）；租约与期限按时钟计算")
    return warned(text, "请在两侧校时（NTP）") if size > CLOCK_NOTED else passed(text)


def leftovers(ledger: Ledger) -> Said:
    """Is no run still said to be under way that nobody works on any more?"""
    if ledger.store is None:
        return skipped("尚未建立")
    dead = deserted(ledger.store)
    if dead:
        return warned(
            f"{len(dead)} 次运行没有结束就断了：{'、'.join(dead[:5])}",
            "下一次运行会先关闭它们；若今晚没有运行，重新运行 citysync sync",
        )
    return passed("没有断在半路的运行")


def master_in_force(ledger: Ledger) -> Said:
    """Is a version of the master catalogue in force today?"""
    if ledger.store is None:
        return failed("尚未导入", IMPORT)
    version = reading.master_version_in_force(ledger.store, ledger.today)
    if version is None:
        return failed(f"{ledger.today} 没有生效的版本", f"{IMPORT}；或用 --effective 让一个版本从更早的日期起生效")
    return passed(f"当前生效 {version}")


def master_age(ledger: Ledger) -> Said:
    """Was the version in force taken over recently enough to be believed?"""
    name = None if ledger.store is None else reading.master_version_in_force(ledger.store, ledger.today)
    if ledger.store is None or name is None:
        return skipped("没有生效的版本")
    version = next(row for row in reading.master_versions(ledger.store) if row["name"] == name)
    days = (ledger.today - date.fromisoformat(version["effective_on"])).days
    text = f"{name}：{version['items']:,} 项，{version['effective_on']} 起生效，已 {days} 天"
    if days > MASTER_OLD_DAYS:
        return warned(text, f"请核实省级目录此后是否有调整；有则{IMPORT}")
    return passed(text)
