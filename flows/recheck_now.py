"""A re-check asked for on a page: begun at once or joined, walked in the background, then told and handed over."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from citysync.config.settings import Settings
from citysync.domain.run import Trigger
from citysync.storage import audit, leases, reading
from citysync.storage.audit import Deed
from citysync.storage.leases import Busy
from citysync.storage.schema import open_store
from flows.alerting import tell_after
from flows.crew import Crew
from flows.delivery import hand_over_after
from flows.ledger_at import writable_ledger
from flows.night import Asked, Night, begin, closing_well
from flows.recheck import open_keys
from flows.walking import Say, walk_all


def begin_or_join(settings: Settings, code: str, who: str, now: datetime) -> tuple[str, Night | None]:
    """Return the run that looks at a city again, and the night to walk: None where a run is at work on it already.

    It asks for what is open only, where the last run could look at the city's rows; else for the whole directory.
    Raises what ``begin`` raises.
    """
    at_work, narrow = _standing(settings, code)
    if at_work is not None:
        return at_work, None
    try:
        night = begin(Asked(Trigger.ON_DEMAND, (code,), recheck=narrow, wait=False), settings, now)
    except Busy:
        at_work, _ = _standing(settings, code)
        if at_work is None:
            raise
        return at_work, None
    run_id = night.run.run_id
    with writable_ledger(settings) as store, store.writing() as connection:
        audit.record(connection, Deed(who, "recheck", f"city:{code}", run_id=run_id), now)
    return run_id, night


def walk_through(night: Night, crew: Crew, say: Say, now: Callable[[], datetime]) -> list[str]:
    """Walk a night to its end, close it, tell and hand over what it made due; return what did not arrive."""
    with closing_well(night, now):
        walk_all(night, crew, say, now, 1)
    untold = (tell_after(night.settings, now()), hand_over_after(night.settings, night.cities, now()))
    return [text for text in untold if text is not None]


def _standing(settings: Settings, code: str) -> tuple[str | None, bool]:
    """Return the run at work on a city, and whether asking for what is open is enough."""
    with open_store(settings.database, write=False) as store:
        last = next(iter(reading.latest_verdicts(store, (code,))), None)
        narrow = last is not None and bool(last["adopted"]) and bool(open_keys(store, code))
        return leases.holder(store, code), narrow
