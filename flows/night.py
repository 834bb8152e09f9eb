"""A run over many cities: fix its facts, walk every city, close the run. The same for ``sync`` and for Prefect."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from citysync.config.cities import Cities, check_secrets, load_cities, secret_names
from citysync.config.settings import Settings
from citysync.domain.city import City
from citysync.domain.errors import CitySyncError, ConfigError, MasterError, StorageError
from citysync.domain.findings import no_findings, no_rejections
from citysync.domain.outcome import CityRun
from citysync.domain.run import Run, Trigger
from citysync.domain.verdict import STATE_LABELS, Fault, Verdict
from citysync.reconciliation.influence import told
from citysync.reconciliation.judge import not_judged
from citysync.storage import ledger, reading
from citysync.storage.engine import Store
from citysync.storage.memory import recall
from citysync.storage.schema import exists, open_store
from connectors import names, source_model
from flows.blame import settle
from flows.crew import Crew, Job, Lost, asks_to_wait
from flows.ledger_at import writable_ledger

SHANGHAI = ZoneInfo("Asia/Shanghai")
Say = Callable[[str, str], None]  # (city code, one line for people)


def _kind(error: Exception) -> str:
    """Return the stable code of what went wrong on our side: a city's unusable secret stops no other city."""
    return ConfigError.reason if isinstance(error, ConfigError) else "crashed"


@dataclass(frozen=True)
class Asked:
    """What was asked of a run. ``codes`` empty means every enabled city; ``recheck``: only what is open."""

    trigger: Trigger
    codes: tuple[str, ...] = ()
    business_date: date | None = None
    publish: bool = True
    recheck: bool = False


class Night:
    """One run under way. A plain object, so that an orchestrator that walks its arguments leaves it alone."""

    def __init__(self, run: Run, cities: Cities, store: Store, settings: Settings, *, publish: bool) -> None:
        self.run = run
        self.cities = cities
        self.store = store
        self.settings = settings
        self.publish = publish
        self.recheck = False
        self.verdicts: dict[str, Verdict] = {}
        self.deferred: dict[str, None] = {}  # cities that asked us to wait, in the order they did
        self._secrets = settings.secrets()
        self._lock = threading.Lock()

    def walk(self, code: str, crew: Crew, say: Callable[[str], None], now: Callable[[], datetime]) -> Verdict:
        """Walk one city in a child process; what our own side did wrong there becomes an ``unknown`` verdict."""
        job = self._job(self.cities[code])
        answer = crew.ask(job, say)
        if isinstance(answer, StorageError | MasterError):
            raise answer
        verdict = answer if isinstance(answer, Verdict) else self._ours(code, answer, now())
        with self._lock:
            self.verdicts[code] = verdict
            if job.may_defer and asks_to_wait(verdict):
                self.deferred[code] = None
                say("对方要求稍后再来，排到本次运行最后再试一次")
        return verdict

    def _job(self, city: City) -> Job:
        return Job(
            city=city,
            run=self.run,
            data_dir=self.settings.data_dir,
            database_url=self.settings.database,
            secrets={name: self._secrets.get(name) for _, name in secret_names(city)},
            publish=self.publish,
            may_defer=city.code not in self.deferred,
            recheck=self.recheck,
        )

    def _ours(self, code: str, answer: Exception | Lost, now: datetime) -> Verdict:
        kind, text = (answer.code, answer.text) if isinstance(answer, Lost) else (_kind(answer), str(answer))
        explained = f"{text}；与 {self.cities[code].name} 无关，请省平台值班查看运行 {self.run.run_id}"
        memory = recall(self.store, self.settings.data_dir, code, self.run.run_id)
        verdict = not_judged(code, self.run, now, kind, Fault.OURS, explained)
        verdict = told(verdict, self.cities[code].name, memory)
        if self.publish:
            city_run = CityRun(verdict, None, (), no_findings(), no_rejections(), adopted=False)
            ledger.publish(self.store, self.run, city_run, self.settings.data_dir)
        return verdict

    def _share_the_blame(self) -> None:
        """Rewrite failures that are one incident of ours, and say whose one city's silence is."""
        amended = settle(
            tuple(self.verdicts.values()), self.cities, self._everyone, self.settings.probe_url, self.store
        )
        self.verdicts |= {verdict.city_code: verdict for verdict in amended}
        if amended and self.publish:
            ledger.amend(self.store, self.run.run_id, amended)

    def _everyone(self) -> Cities:
        return load_cities(self.settings.cities_dir, source_model, names())

    def close(self, now: datetime) -> None:
        """Settle whose fault it was, close the run in the ledger, and the ledger."""
        self._share_the_blame()
        if self.publish:
            ledger.finish_run(self.store, self.run.run_id, now)
        self.store.close()

    def break_off(self, now: datetime, error: str) -> None:
        """Close a run that our side could not bring to its end; what it published stays."""
        if self.publish:
            ledger.fail_run(self.store, self.run.run_id, now, error)
        self.store.close()


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
    if asked.publish:
        ledger.start_run(store, run, [(city.code, city.name) for city in cities.values()])
    night = Night(run, cities, store, settings, publish=asked.publish)
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
    except BaseException as error:
        night.break_off(now(), str(error) or type(error).__name__)
        raise
    night.close(now())


def walk_all(night: Night, crew: Crew, say: Say, now: Callable[[], datetime], workers: int) -> None:
    """Walk every city of a run, ``workers`` at a time, those that asked us to wait once more at the end.

    An error of ours stops the run after the cities under way.
    """
    _walk_these(night.cities, night, crew, say, now, workers)
    _walk_these(tuple(night.deferred), night, crew, say, now, workers)


def _walk_these(
    codes: Iterable[str], night: Night, crew: Crew, say: Say, now: Callable[[], datetime], workers: int
) -> None:
    with ThreadPoolExecutor(workers, thread_name_prefix="city") as pool:
        walks = [pool.submit(_walk_one, night, crew, code, say, now) for code in codes]
        try:
            for walk in walks:
                walk.result()
        except CitySyncError:
            pool.shutdown(wait=True, cancel_futures=True)
            raise


def _walk_one(night: Night, crew: Crew, code: str, say: Say, now: Callable[[], datetime]) -> None:
    verdict = night.walk(code, crew, lambda text: say(code, text), now)
    say(code, f"结论：{STATE_LABELS[verdict.state]}")
