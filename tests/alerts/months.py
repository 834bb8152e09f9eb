"""Thirty nights of twenty-one cities in a real ledger, each night told as the nightly run tells it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

from citysync.alerts.worktime import SHANGHAI
from citysync.config.cities import Cities
from citysync.config.settings import Settings
from citysync.domain.channel import Channels
from citysync.domain.errors import DeliveryError
from citysync.domain.run import Run, Trigger
from citysync.domain.verdict import Axis, Fault, Reason, Standing, State
from citysync.storage import alerting, runs
from citysync.storage.engine import Store
from citysync.storage.ledger import publish
from flows.alerting import Post, decide, drain
from tests.storage.cast import a_city_run

FIRST = date(2026, 2, 9)  # a Monday; Spring Festival 15 to 23 February, 14 and 28 February are worked
CODES = [f"44{number:02d}00" for number in (*range(1, 10), *range(12, 21), 51, 52, 53)]
NOBODY = Cities({}, {})


@dataclass
class Month:
    """A ledger that lives through nights. ``now`` is what the clock says while a night is told."""

    store: Store
    folder: Path
    channels: Channels
    nights: int = 0
    master: str = "1"
    now: datetime = field(default_factory=lambda: datetime.combine(FIRST, time(2, 40), SHANGHAI).astimezone(UTC))

    @property
    def settings(self) -> Settings:
        return Settings(data_dir=self.folder, cities_dir=self.folder)

    def night(
        self,
        states: Mapping[str, State],
        *,
        faults: Mapping[str, Fault] | None = None,
        failed: str | None = None,
    ) -> None:
        """Publish a night at 02:40 and decide its alerts; a city not named is in sync."""
        on = FIRST + timedelta(days=self.nights)
        self.nights += 1
        self.now = datetime.combine(on, time(2, 40), SHANGHAI).astimezone(UTC)
        run = Run(f"{on:%Y%m%d}T184000-{self.nights:06x}", Trigger.NIGHTLY, on, self.now, self.master)
        runs.start_run(self.store, run, [(code, f"市{code}") for code in CODES])
        for code in CODES if failed is None else CODES[:3]:
            self._publish(run, code, states.get(code, State.IN_SYNC), (faults or {}).get(code))
        if failed is None:
            runs.finish_run(self.store, run.run_id, self.now)
        else:
            runs.fail_run(self.store, run.run_id, self.now, failed)
        self.decide_again()

    def decide_again(self) -> None:
        """Do what the next start does: decide the runs nobody has decided."""
        for row in alerting.unannounced(self.store):
            decide(self.store, self.channels, NOBODY, row, self.now)

    def _publish(self, run: Run, code: str, state: State, fault: Fault | None) -> None:
        got = 0 if state in {State.NOT_SYNCED, State.HELD, State.UNKNOWN} else 1
        told = a_city_run(run, code=code, state=state, received=got, judged_at=self.now)
        side = fault or (Fault.CITY if got == 0 else Fault.DATA)
        reasons = (
            ()
            if state is State.IN_SYNC
            else (Reason("unreachable", Axis.REACHABLE, Standing.FAILING, side, f"{code} 的原因"),)
        )
        verdict = replace(told.verdict, reasons=reasons)
        publish(self.store, run, replace(told, verdict=verdict, snapshot=None, pages=()), self.folder)

    def at(self, hour: int, minute: int = 30) -> list[Post]:
        """Let the clock come to an hour of the night's day, and send what may go out."""
        on = FIRST + timedelta(days=self.nights - 1)
        self.now = datetime.combine(on, time(hour, minute), SHANGHAI).astimezone(UTC)
        return self.send()

    def send(self) -> list[Post]:
        return drain(self.store, self.settings, self.channels, self.now)


__all__ = ["CODES", "FIRST", "DeliveryError", "Month"]
