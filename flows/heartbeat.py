"""A run's sign of life: its lease is renewed from a thread of its own, as long as the run goes on."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta

from citysync.domain.errors import StorageError
from citysync.storage import leases

JUMP = timedelta(minutes=1)


class Heartbeat:
    """Beats until stopped; ``lost`` is set once ``beat`` says that somebody else has closed what it keeps alive.

    ``on_lost`` is called then, from the beating thread. Intervals are monotonic.
    """

    def __init__(
        self, beat: Callable[[], bool], started_at: datetime, on_lost: Callable[[], None] | None = None
    ) -> None:
        self.lost = threading.Event()
        self._beat, self._on_lost = beat, on_lost
        self._started_at, self._started = started_at, time.monotonic()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._keep_up, name="heartbeat", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Beat no more; return when the last beat is over."""
        self._stopped.set()
        self._thread.join()

    def ended_at(self, now: datetime) -> datetime:
        """Return when the run ends: by the clock, or, where that was moved meanwhile, by the time that went by."""
        by_time = self._started_at + timedelta(seconds=time.monotonic() - self._started)
        return now if abs(now - by_time) < JUMP else by_time

    def clock_note(self, now: datetime) -> str | None:
        """Return what the host's clock did during the run, None if it went as time does."""
        jump = now - self._started_at - timedelta(seconds=time.monotonic() - self._started)
        if abs(jump) < JUMP:
            return None
        way = "快" if jump > timedelta(0) else "慢"
        done = f"系统时钟异常：运行期间系统时钟被拨{way}了约 {abs(jump)}"
        return f"{done}；结论按业务日期作出，不受影响，请检查本机的时间同步"

    def _keep_up(self) -> None:
        while not self._stopped.wait(leases.BEAT_SECONDS):
            try:
                alive = self._beat()
            except StorageError:
                continue  # the lease outlasts several beats; a database that is away is found out by whoever needs it
            if not alive:
                self.lost.set()
                if self._on_lost is not None:
                    self._on_lost()
                return
