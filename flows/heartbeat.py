"""A run's sign of life: its lease is renewed from a thread of its own, as long as the run goes on."""

from __future__ import annotations

import threading
import time
from datetime import datetime, timedelta

from citysync.domain.errors import StorageError
from citysync.storage import leases
from citysync.storage.engine import Store

JUMP = timedelta(minutes=1)


class Heartbeat:
    """Beats until stopped; ``lost`` is set once somebody else has closed the run. Intervals are monotonic."""

    def __init__(self, store: Store, run_id: str, started_at: datetime) -> None:
        self.lost = threading.Event()
        self._store, self._run_id = store, run_id
        self._started_at, self._started = started_at, time.monotonic()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._keep_up, name="heartbeat", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Beat no more; return when the last beat is over."""
        self._stopped.set()
        self._thread.join()

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
                alive = leases.beat(self._store, self._run_id)
            except StorageError:
                continue  # the lease outlasts several beats; a database that is away is found out by whoever needs it
            if not alive:
                self.lost.set()
                return
