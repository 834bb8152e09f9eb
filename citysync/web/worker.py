"""The background of the server: re-checks people asked for, a few at a time, so that no request waits for a city."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from citysync.config.settings import Settings
from citysync.domain.errors import CitySyncError
from flows.crew import Crew, crew_of
from flows.night import Night
from flows.recheck_now import begin_or_join, walk_through
from flows.walking import stop

_AT_ONCE = 2
logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Started:
    """A re-check: its run, and whether that was under way already."""

    run_id: str
    joined: bool


class Worker:
    """Walks re-checks beside the server's requests. What it does not finish, the next run closes in the ledger."""

    def __init__(self, settings: Settings, now: Callable[[], datetime]) -> None:
        self._settings = settings
        self._now = now
        self._pool = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="recheck")
        self._lock = threading.Lock()
        self._waiting: dict[str, Night] = {}
        self._walking: dict[str, Crew] = {}
        self._said: dict[str, str] = {}
        self._begun: set[Future[None]] = set()

    def recheck(self, code: str, who: str) -> Started:
        """Begin to look at a city again, or join the run that does; return at once."""
        run_id, night = begin_or_join(self._settings, code, who, self._now())
        if night is None:
            return Started(run_id, joined=True)
        with self._lock:
            self._waiting[run_id] = night
        walk = self._pool.submit(self._walk, run_id, night)
        self._begun.add(walk)
        walk.add_done_callback(self._begun.discard)
        return Started(run_id, joined=False)

    def said(self, run_id: str) -> str:
        """Return what a run of this server said last, nothing for another's."""
        return self._said.get(run_id, "")

    def drain(self) -> None:
        """Wait until what was begun is over."""
        wait(tuple(self._begun))

    def close(self) -> None:
        """End what is under way: no verdict is made of it."""
        with self._lock:
            nights, crews = dict(self._waiting), dict(self._walking)
        for run_id, night in nights.items():
            night.cancel()
            if run_id in crews:
                stop(night, crews[run_id])
        self._pool.shutdown(wait=True)

    def _walk(self, run_id: str, night: Night) -> None:
        try:
            with crew_of(1) as crew:
                with self._lock:
                    self._walking[run_id] = crew
                for text in walk_through(night, crew, lambda _, text: self._say(run_id, text), self._now):
                    logger.warning("%s", text)
        except CitySyncError as error:
            logger.warning("re-check %s: %s", run_id, type(error).__name__)  # the ledger holds the text
        except Exception:
            logger.exception("re-check %s broke off", run_id)
        finally:
            with self._lock, suppress(KeyError):
                for told in (self._waiting, self._walking, self._said):
                    told.pop(run_id, None)

    def _say(self, run_id: str, text: str) -> None:
        self._said[run_id] = text
