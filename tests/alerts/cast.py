"""Cities, nights and a memory of open alerts for tests; every default is a quiet city."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from citysync.alerts.announce import Before, announce
from citysync.domain.alert import Alert, Change, CityNight, Night, Silence, Step, Told
from citysync.domain.verdict import Fault, State
from citysync.domain.workdays import calendar

MONDAY = date(2026, 11, 23)
FAULT_OF = {State.NOT_SYNCED: Fault.CITY, State.HELD: Fault.CITY}


def a_city(state: State = State.IN_SYNC, code: str = "440300", **changes: Any) -> CityNight:
    facts: dict[str, Any] = {
        "code": code,
        "name": f"市{code}",
        "state": state,
        "fault": FAULT_OF.get(state, Fault.DATA),
        "reasons": ("读取超时",) if state is not State.IN_SYNC else (),
        "since": datetime(2026, 11, 23, tzinfo=UTC),
        "states": (state,),
    }
    return CityNight(**{**facts, **changes})


def a_night(on: date, *cities: CityNight, **changes: Any) -> Night:
    return replace(Night(f"run-{on:%m%d}", on, cities), **changes)


@dataclass
class Ledger:
    """What a store would remember between nights: open alerts, numbers, and each city's states."""

    open: dict[str, Alert] = field(default_factory=dict)
    numbers: set[str] = field(default_factory=set)
    silences: list[Silence] = field(default_factory=list)
    states: dict[str, tuple[State, ...]] = field(default_factory=dict)

    def night(self, on: date, states: dict[str, State], **changes: Any) -> list[Step]:
        """Live through a night: each city in a state; return what became of alerts. What is told counts as sent."""
        for code, state in states.items():
            if state is not State.UNKNOWN:
                self.states[code] = (*self.states.get(code, ()), state)[-7:]
        faults: dict[str, Fault] = changes.pop("faults", {})
        cities = [
            a_city(state, code, states=self.states.get(code, ()), **({"fault": faults[code]} if code in faults else {}))
            for code, state in states.items()
        ]
        steps = announce(a_night(on, *cities, **changes), self.before(), calendar())
        self.take(steps)
        return steps

    def before(self) -> Before:
        return Before(list(self.open.values()), self.silences, frozenset(self.numbers))

    def take(self, steps: Iterable[Step]) -> None:
        for step in steps:
            alert = step.alert
            self.numbers.add(alert.alert_id)
            if step.closes:
                del self.open[alert.alert_id]
            else:
                told = Told.SENT if step.tell else alert.told
                self.open[alert.alert_id] = replace(alert, told=told)
        keys = [alert.key for alert in self.open.values()]
        assert len(keys) == len(set(keys)), "two open alerts of one key"


def told(steps: Iterable[Step]) -> list[tuple[str, str, str]]:
    """Return what is told of steps: city, kind, change."""
    return [(step.alert.key.city_code, step.alert.key.kind.value, step.change.value) for step in steps if step.tell]


def days(first: date, count: int) -> list[date]:
    return [first + timedelta(days=number) for number in range(count)]


__all__ = ["MONDAY", "Change", "Ledger", "a_city", "a_night", "days", "told"]
