"""A worker's part in a run that another process leads: claim one city, walk it, say in the ledger how it ended."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime

from citysync.config.cities import check_secrets
from citysync.config.settings import Settings
from citysync.domain.errors import CitySyncError, ConfigError, MasterError, StorageError
from citysync.domain.run import RULES_VERSION
from citysync.domain.verdict import Verdict
from citysync.storage import walks
from citysync.storage.engine import Store
from citysync.storage.walks import Claim, Outcome
from flows.crew import Job, Lost, as_lost, asks_to_wait, crew_of
from flows.heartbeat import Heartbeat
from flows.interrupt import undisturbed
from flows.jobs import job_of
from flows.ledger_at import writable_ledger
from flows.night import chosen


def lend_a_hand(
    code: str, run_id: str, settings: Settings, say: Callable[[str], None], now: datetime
) -> Verdict | Lost | None:
    """Walk one city for a run and return its verdict, or what our side failed at; None if there is nothing to do.

    Raises StorageError where the ledger cannot be reached: then nothing is said, and the lease runs out.
    """
    with writable_ledger(settings) as store:
        claim = walks.claim(store, run_id, code)
        if claim is None:
            return None
        try:
            answer = _walked(store, claim, settings, say, now)
        except BaseException:
            with undisturbed(), suppress(StorageError):
                walks.end(store, claim, Outcome.RELEASED)
            raise
        _said(store, claim, answer)
        return answer if answer is None or isinstance(answer, Verdict) else as_lost(answer)


def _walked(
    store: Store, claim: Claim, settings: Settings, say: Callable[[str], None], now: datetime
) -> Verdict | Exception | Lost | None:
    """Return the answer of a child, None if the run was closed meanwhile: then nobody waits for one."""
    try:
        job = _job(claim, settings)
    except CitySyncError as error:
        return error
    with crew_of(1) as crew:
        heart = Heartbeat(lambda: walks.beat(store, claim), now, on_lost=crew.close)
        try:
            answer = crew.ask(job, say)
        finally:
            heart.stop()
    return None if heart.lost.is_set() else answer


def _job(claim: Claim, settings: Settings) -> Job:
    """Return the job as this machine sees it; raise ConfigError where it would judge by other rules or files."""
    if claim.run.rules_version != RULES_VERSION:
        text = f"本机程序的规则版本是 {RULES_VERSION}，运行 {claim.run.run_id} 的是 {claim.run.rules_version}"
        raise ConfigError(f"{text}；请在各台机器上安装同一版程序")
    cities = chosen(settings, [claim.city_code])
    check_secrets(cities, settings.secrets())
    return job_of(cities[claim.city_code], claim.run, settings, may_defer=claim.may_defer)


def _said(store: Store, claim: Claim, answer: Verdict | Exception | Lost | None) -> None:
    if answer is None:
        walks.end(store, claim, Outcome.RELEASED)
    elif not isinstance(answer, Verdict):
        lost = as_lost(answer)
        code = answer.reason if isinstance(answer, StorageError | MasterError) else lost.code
        walks.end(store, claim, Outcome.FAILED, error=(code, lost.text))
    elif claim.may_defer and asks_to_wait(answer):
        walks.end(store, claim, Outcome.DEFERRED, verdict=answer)
    else:
        walks.end(store, claim, Outcome.PUBLISHED)
