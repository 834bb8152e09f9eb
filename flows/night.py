"""A run over many cities: fix its facts, walk every city, close the run. The same for ``sync`` and for Prefect."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from citysync.config.cities import Cities, check_secrets, load_cities
from citysync.config.settings import Settings
from citysync.domain.city import City
from citysync.domain.errors import CitySyncError, ConfigError, MasterError, StorageError
from citysync.domain.findings import no_findings, no_rejections
from citysync.domain.outcome import CityRun
from citysync.domain.run import Run, Trigger
from citysync.domain.verdict import Fault, Verdict
from citysync.reconciliation.influence import told
from citysync.reconciliation.judge import not_judged
from citysync.storage import leases, ledger, pages, reading
from citysync.storage.engine import Store
from citysync.storage.memory import recall
from citysync.storage.said import verdict_of
from citysync.storage.schema import exists, open_store
from connectors import names, source_model
from flows.blame import settle
from flows.crew import Hands, Job, Lost, as_lost, asks_to_wait
from flows.heartbeat import Heartbeat
from flows.interrupt import undisturbed
from flows.jobs import job_of
from flows.ledger_at import writable_ledger
from flows.phases import run_told

SHANGHAI = ZoneInfo("Asia/Shanghai")
LOOK_SECONDS = 0.5  # how often a run that waits for another's city looks whether it is free


class Cancelled(CitySyncError):
    """A person or the system asked the run to stop; the city under way was left unjudged."""

    reason = "cancelled"


@dataclass(frozen=True)
class Asked:
    """What was asked of a run. ``codes`` empty means every enabled city; ``recheck``: only what is open."""

    trigger: Trigger
    codes: tuple[str, ...] = ()
    business_date: date | None = None
    publish: bool = True
    recheck: bool = False
    wait: bool = True


class Night:
    """One run under way. A plain object, so that an orchestrator that walks its arguments leaves it alone."""

    def __init__(
        self, run: Run, cities: Cities, store: Store, settings: Settings, busy: dict[str, str], *, publish: bool
    ) -> None:
        self.run = run
        self.cities = cities
        self.store = store
        self.settings = settings
        self.busy = busy  # cities that another living run was at work on, with that run's id
        self.publish = publish
        self.recheck = False
        self.verdicts: dict[str, Verdict] = {}
        self.deferred: dict[str, None] = {}  # cities that asked us to wait, in the order they did
        self.note: str | None = None
        self.unheard: str | None = None  # what broke the run off, where the ledger did not take it
        self._lock = threading.Lock()
        self._cancelled = threading.Event()
        self._heart = Heartbeat(lambda: leases.beat(store, run.run_id), run.started_at) if publish else None

    def walk(self, code: str, crew: Hands, say: Callable[[str], None], now: Callable[[], datetime]) -> Verdict:
        """Have one city walked; what our own side did wrong there becomes an ``unknown`` verdict.

        A city another run is at work on is waited for, and that run's verdict is this one's.
        """
        self._go_on()
        verdict = self._theirs(code, say) if code in self.busy else None
        job, theirs = self._job(self.cities[code]), verdict is not None
        if verdict is None:
            answer = crew.ask(job, say)
            self._go_on()
            if isinstance(answer, StorageError | MasterError):
                raise answer
            verdict = answer if isinstance(answer, Verdict) else self._ours(code, answer, say, now())
        with self._lock:
            self.verdicts[code] = verdict
            if job.may_defer and not theirs and asks_to_wait(verdict):
                self.deferred[code] = None
                say("对方要求稍后再来，排到本次运行最后再试一次")
        return verdict

    def cancel(self) -> None:
        """Judge no further city: what a child is stopped in is nobody's fault and no verdict."""
        self._cancelled.set()

    def _go_on(self) -> None:
        if self._cancelled.is_set():
            raise Cancelled(f"运行 {self.run.run_id} 已取消")
        if self._heart is not None and self._heart.lost.is_set():
            raise StorageError(f"运行 {self.run.run_id} 的租约已失效，已由别的进程关闭；请重新运行 citysync sync")

    def _theirs(self, code: str, say: Callable[[str], None]) -> Verdict | None:
        """Return the verdict of the run that is at work on a city, None once the city is ours to walk."""
        run_id: str | None = self.busy[code]
        while run_id is not None:
            say(f"{self.cities[code].name} 正在由 run {run_id} 处理，等待它的结果")
            while leases.holder(self.store, code) == run_id and not self._cancelled.wait(LOOK_SECONDS):
                self._go_on()
            self._go_on()
            turn = leases.turn(self.store, self.run.run_id, code, run_id)
            if turn.served_by is not None:
                return self._published(code, turn.served_by)
            run_id = turn.holder
        return None

    def _published(self, code: str, run_id: str) -> Verdict:
        rows = reading.verdicts_of(self.store, run_id)
        return next(verdict_of(row) for row in rows if row["code"] == code)

    def _job(self, city: City) -> Job:
        may_defer = city.code not in self.deferred
        return job_of(city, self.run, self.settings, publish=self.publish, may_defer=may_defer, recheck=self.recheck)

    def _ours(self, code: str, answer: Exception | Lost, say: Callable[[str], None], now: datetime) -> Verdict:
        """Publish that our side did wrong; a child that died after it published left a verdict, which is the city's."""
        lost = as_lost(answer)
        explained = f"{lost.text}；与 {self.cities[code].name} 无关，请省平台值班查看运行 {self.run.run_id}"
        memory = recall(self.store, self.settings.data_dir, code, self.run.run_id)
        verdict = not_judged(code, self.run, now, lost.code, Fault.OURS, explained)
        verdict = told(verdict, self.cities[code].name, memory)
        if self.publish:
            city_run = CityRun(verdict, None, (), no_findings(), no_rejections(), adopted=False)
            if not ledger.publish(self.store, self.run, city_run, self.settings.data_dir).new:
                say(f"{lost.text}；结论此前已写入台账，以台账为准")
                return self._published(code, self.run.run_id)
        return verdict

    def _share_the_blame(self) -> None:
        """Rewrite failures that are one incident of ours, and say whose one city's silence is."""
        folder, probe, verdicts = self.settings.cities_dir, self.settings.probe_url, tuple(self.verdicts.values())
        amended = settle(verdicts, self.cities, lambda: load_cities(folder, source_model, names()), probe, self.store)
        amended = [each for each in amended if each.run_id == self.run.run_id]  # another run's verdict is not ours
        self.verdicts |= {verdict.city_code: verdict for verdict in amended}
        if amended and self.publish:
            ledger.amend(self.store, self.run.run_id, amended)

    def close(self, now: datetime) -> None:
        """Settle whose fault it was, close the run in the ledger, and the ledger."""
        self._share_the_blame()
        ended = self._still(now)
        if self.publish:
            ledger.finish_run(self.store, self.run.run_id, ended, note=self.note)
        self.store.close()

    def break_off(self, now: datetime, error: BaseException | str) -> None:
        """Close a run that did not come to its end; what it published stays. A person's wish is no failure.

        A ledger that cannot take even this is silent: people must see what broke the run (``unheard``); the next run
        closes it.
        """
        ended = self._still(now, str(error) or type(error).__name__)
        if self.publish:
            try:
                if isinstance(error, BaseException) and not isinstance(error, Exception):
                    ledger.cancel_run(self.store, self.run.run_id, ended)
                else:
                    ledger.fail_run(self.store, self.run.run_id, ended, str(error) or type(error).__name__)
            except StorageError:
                self.unheard = str(error) or type(error).__name__
        self.store.close()

    def _still(self, now: datetime, error: str | None = None) -> datetime:
        """Tell the end, stop the heart, clear away what children of ours left half-written; return when it ended."""
        run_told(self.run, self.verdicts, now, error)
        with suppress(StorageError):
            pages.sweep(self.settings.data_dir)
        if self._heart is None:
            return now
        self._heart.stop()
        self.note = self._heart.clock_note(now)
        return self._heart.ended_at(now)


def begin(asked: Asked, settings: Settings, now: datetime) -> Night:
    """Fix the facts of a run, after everything that can be refused before the network was looked at.

    Raises ConfigError (city files, codes, secrets), MasterError (no master in force), StorageError.
    """
    cities, business_date = preflight(asked, settings, now)
    today = now.astimezone(SHANGHAI).date()
    store = writable_ledger(settings) if asked.publish else open_store(settings.database, write=False)
    # A day before the first catalogue (catch-up, rehearsal) is judged against that one, if it is in force by today.
    version = reading.master_version_in_force(store, business_date) or reading.first_master_version(store, by=today)
    if version is None:
        store.close()
        raise MasterError(f"{business_date} 尚无生效的基本目录，无法判定任何城市；请先运行 citysync master import FILE")
    run = Run(ledger.new_run_id(now), asked.trigger, business_date, now, version)
    busy: dict[str, str] = {}
    if asked.publish:
        try:
            busy = ledger.start_run(store, run, [(c.code, c.name) for c in cities.values()], wait=asked.wait)
        except BaseException:
            store.close()
            raise
    night = Night(run, cities, store, settings, busy, publish=asked.publish)
    night.recheck = asked.recheck
    return night


def preflight(asked: Asked, settings: Settings, now: datetime) -> tuple[Cities, date]:
    """Return the cities and the business date of a run, or refuse what can be refused without opening anything.

    Raises ConfigError (city files, codes, secrets), MasterError (no ledger, hence no master catalogue).
    """
    cities = chosen(settings, asked.codes)
    if not cities:
        raise ConfigError(
            f"{settings.cities_dir} 里没有启用的城市，没有核对任何城市；请把要核对的城市设为 enabled = true"
        )
    check_secrets(cities, settings.secrets())
    if not exists(settings.database):
        raise MasterError("尚未导入基本目录，无法判定任何城市；请先运行 citysync master import FILE")
    return cities, asked.business_date or now.astimezone(SHANGHAI).date()


def chosen(settings: Settings, codes: Iterable[str]) -> Cities:
    """Return the cities asked for by code (a paused one may be asked), by default every enabled one."""
    return load_cities(settings.cities_dir, source_model, names()).pick(codes)


@contextmanager
def closing_well(night: Night, now: Callable[[], datetime]) -> Iterator[None]:
    """Close the run when its walks are over; mark it broken off when our side, or a person, ended it."""
    try:
        yield
        night.close(now())
    except BaseException as error:
        with undisturbed():
            night.break_off(now(), error)
        raise
