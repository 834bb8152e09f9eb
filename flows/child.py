"""The child's side of ``flows.crew``: take a job, walk the city along the line, publish, answer; then the next."""

from __future__ import annotations

import hashlib
import logging
import os
import resource
import select
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from multiprocessing.connection import Connection
from pathlib import Path
from types import FrameType

from citysync.config import logs
from citysync.config.settings import load_settings
from citysync.domain.catalogue import MasterCatalogue
from citysync.domain.effort import PUBLISH
from citysync.domain.errors import CitySyncError, ConfigError, NotProved, StorageError
from citysync.domain.memory import Memory
from citysync.domain.outcome import CityRun
from citysync.domain.snapshot import RawPage
from citysync.domain.verdict import Verdict
from citysync.domain.workdays import calendar
from citysync.reconciliation.checks import all_checks
from citysync.storage import catalogue, clean_rows, ledger, pages, row_texts
from citysync.storage.engine import Store
from citysync.storage.memory import recall
from citysync.storage.schema import open_store
from connectors import names, source_model
from connectors._door import Door
from connectors._last_night import program
from connectors._tape import Recorder
from flows.account import Account
from flows.crew import GREETING, Job, asks_to_wait
from flows.line import Means, sync_city
from flows.phases import sent, telling
from flows.recheck import EVERYTHING, Recheck, rechecking
from flows.replay import tape_document
from schemas.proof import import_backends

_LOG = logging.getLogger("citysync.page")
_BUG = logging.getLogger("citysync.bug")
PROGRESS_EVERY_SECONDS = 5.0
LAST_SECONDS = 5.0  # for a child that is ending, to unwind


def import_late() -> None:
    """Do once what the first city of each child would else: import connectors and checks, read our own code."""
    for name in names():
        source_model(name)
    all_checks()
    import_backends()
    program()


def serve(connection: Connection) -> None:
    """Answer jobs until the parent closes the socket."""
    while True:
        try:
            job = connection.recv()
        except EOFError:
            return
        connection.send(_answer(job, connection))


def _answer(job: Job, connection: Connection) -> Verdict | Exception:
    resource.setrlimit(resource.RLIMIT_AS, (job.memory_bytes, resource.RLIM_INFINITY))
    for value in job.secrets.values():
        logs.hide(value)
    try:
        with logs.bound(run_id=job.run.run_id, city=job.city.code):
            return walk(job, connection)
    except MemoryError:
        return CitySyncError(f"内存超出上限（{job.memory_bytes // 1024**2} MiB）")
    except Exception as error:  # noqa: BLE001 - the city border: our bug in one city must not stop the other twenty
        return error if isinstance(error, CitySyncError) else _bug(error)
    finally:
        sent()


def _bug(error: Exception) -> CitySyncError:
    """Return what people are told of a bug: kind, place and a number under which the log has its whole way.

    Never its text, which may quote rows or secrets. The same bug has the same number wherever it is met.
    """
    kind, frames = type(error).__name__, traceback.extract_tb(error.__traceback__)
    way = " < ".join(f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in reversed(frames))
    number = hashlib.sha256(f"{kind} {way}".encode()).hexdigest()[:8]
    _BUG.error("追踪号 %s：%s：%s", number, kind, way)
    place = f"{Path(frames[-1].filename).name} 第 {frames[-1].lineno} 行"
    return CitySyncError(f"程序错误 {kind}（{place}，追踪号 {number}）")


def walk(job: Job, connection: Connection) -> Verdict:
    """Walk one city along the line and publish what came of it, whole or not at all."""
    store = _store(job.database_url)
    master = _master(job.database_url, job.run.master_version)
    memory = recall(store, job.data_dir, job.city.code, job.run.run_id)
    memory = with_known_rows(memory, job.data_dir, job.city.code)
    asked = rechecking(store, job.city, memory) if job.recheck else EVERYTHING
    keeper = pages.Keeper(job.data_dir)
    recorder = Recorder(lambda data: keeper.keep(data, 0, "", _now()).sha256, _now)
    account = Account(telling(job.place), _now(), time.monotonic, job.secrets.values())

    def step(text: str) -> None:
        account.note(text)
        connection.send(text)

    means = Means(_door(job, step, recorder, account, keeper), calendar(), step, asked.pull(memory), account.phase)
    city_run = _synced(job, master, memory, means)
    if job.publish and not (job.may_defer and asks_to_wait(city_run.verdict)):
        means.step("发布：写入台账")
        with means.phase(PUBLISH) as count:
            tape = _kept_tape(job, recorder, asked)
            if city_run.clean is not None and not city_run.clean.is_as(memory.clean):
                clean_rows.write(job.data_dir, job.city.code, city_run.clean)
            ways = job.city.receipt.ways
            last = None if memory.last_good is None else memory.last_good.rows
            published = ledger.publish(
                store, job.run, city_run, job.data_dir, tape=tape, receipts=ways, effort=account.effort, last=last
            )
            if published.new:
                keep_texts(job.data_dir, city_run)
            count(adopted=int(city_run.adopted), pages=len(city_run.pages))
        means.step("已发布")
    return city_run.verdict


def _synced(job: Job, master: MasterCatalogue, memory: Memory, means: Means) -> CityRun:
    """Return what a walk learned; where what was known of rows is contradicted, the next one knows nothing of them."""
    try:
        return sync_city(job.city, job.run, master, memory, means)
    except NotProved:
        if job.publish:
            clean_rows.forget(job.data_dir, job.city.code)
        raise


def with_known_rows(memory: Memory, folder: Path, city_code: str) -> Memory:
    """Return the past of a city with what is known of its rows: what was sent by which text, and what passed."""
    memory = replace(memory, clean=clean_rows.read(folder, city_code))
    if memory.last_good is None:
        return memory
    texts = row_texts.read(folder, city_code, memory.last_good)
    return replace(memory, last_good=replace(memory.last_good, texts=texts))


def keep_texts(folder: Path, city_run: CityRun) -> None:
    """Keep by which texts the rows came that a run has just published: they are never those of any others."""
    if city_run.adopted and city_run.snapshot is not None:
        with suppress(StorageError):  # the city is published; the next pull reads every row
            row_texts.write(folder, city_run.verdict.run_id, city_run.snapshot)


def _kept_tape(job: Job, recorder: Recorder, asked: Recheck) -> str:
    tape = tape_document(job.city, recorder.heard, recorder.moments, asked)
    return pages.keep(job.data_dir, tape, 0, "", _now()).sha256


def _door(job: Job, step: Callable[[str], None], recorder: Recorder, account: Account, keeper: pages.Keeper) -> Door:
    def secret(name: str) -> str:
        if name not in job.secrets:
            raise ConfigError(f"{job.city.code}：没有名为 {name} 的密钥；请设置环境变量或放入 CITYSYNC_SECRETS_DIR")
        return job.secrets[name]

    told = [time.monotonic()]

    def progress(text: str) -> None:
        """Say how far the pull is, now and then: every page of every city would bury what matters."""
        if time.monotonic() - told[0] >= PROGRESS_EVERY_SECONDS:
            told[0] = time.monotonic()
            step(text)

    def keep(data: bytes, number: int, url: str) -> RawPage:
        logs.at(page=number)
        page = keeper.keep(data, number, url, _now())
        _LOG.debug("第 %d 页 %s", number, page.sha256[:12], extra={"counts": {"bytes": page.size}})
        return page

    return Door(
        keep=keep,
        secret=secret,
        now=recorder.now,
        monotonic=time.monotonic,
        progress=progress,
        renew=lambda name: load_settings().secrets().get(name),
        tape=recorder,
        read=lambda sha256: pages.read_page(job.data_dir, sha256),
        meter=account.meter,
    )


def _now() -> datetime:
    return datetime.now(UTC)


@cache
def _store(url: str) -> Store:
    return open_store(url, write=True, check=False)


@cache
def _master(url: str, version: str) -> MasterCatalogue:
    return catalogue.load_version(_store(url), version)


def _leave(number: int, frame: FrameType | None) -> None:
    """Unwind once: transactions roll back, half-written files are removed."""
    del frame
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    sys.exit(128 + number)


def _watch(parent: int, asked: int, main_thread: int) -> None:
    """End when the parent has ended, however it did, or when asked to: nobody else would stop a pull it started.

    The signal is sent on to the main thread: a signal that another thread took does not wake it from a read.
    """
    poll = select.poll()
    poll.register(parent, select.POLLRDHUP)
    poll.register(asked, select.POLLIN)
    poll.poll()
    signal.pthread_kill(main_thread, signal.SIGTERM)
    time.sleep(LAST_SECONDS)
    os._exit(1)


def live(descriptor: int) -> None:
    """Answer jobs that come over a socket; return when the parent hangs up. Raises SystemExit when asked to end."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _leave)
    asked, wake = os.pipe()
    os.set_blocking(wake, False)
    signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
    watch = (descriptor, asked, threading.main_thread().ident)
    threading.Thread(target=_watch, args=watch, name="watch", daemon=True).start()
    connection = Connection(descriptor)
    _now()  # a clock that is locked hangs here, before a city is asked
    connection.send(GREETING)
    serve(connection)
