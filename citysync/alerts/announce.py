"""From a night to what becomes of alerts: opened, reminded, escalated, recovered, or nothing at all. Pure.

Alerts follow from what a city has become, not from "tonight it is red": the same night told twice says nothing new. A
night that could not be judged changes nothing about a city.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from citysync.alerts.flapping import has_settled, is_restless
from citysync.alerts.storm import storm
from citysync.domain.alert import KIND_OF, OURS, Alert, Change, CityNight, Key, Kind, Night, Silence, Step, Told
from citysync.domain.verdict import FLAGGED, Fault, State
from citysync.domain.workdays import Calendar

REPEAT_ON = (1, 3, 5)  # working days after which the full text is told again
ESCALATE_ON = {2: 1, 5: 2}  # working days → level
_LETTERS = {Fault.CITY: "C", Fault.DATA: "D", Fault.NETWORK: "N", Fault.OURS: "O", Fault.MASTER: "M"}


@dataclass(frozen=True)
class Before:
    """What stood before a night: open alerts, silences, and the numbers already given."""

    open: Sequence[Alert] = ()
    silences: Sequence[Silence] = ()
    numbers: Collection[str] = field(default_factory=frozenset)


def announce(night: Night, before: Before, calendar: Calendar) -> list[Step]:
    """Return what becomes of every alert in a night, our own side first, cities in the order of the run."""
    return list(_Announcer(night, before, calendar).steps())


class _Announcer:
    def __init__(self, night: Night, before: Before, calendar: Calendar) -> None:
        self._night, self._calendar, self._on = night, calendar, night.business_date
        self._open = {alert.key: alert for alert in before.open}
        self._numbers = set(before.numbers)
        self._silenced = {each.city_code for each in before.silences if each.until >= self._on}
        self._storm = storm(night)

    def steps(self) -> Iterator[Step]:
        if self._night.whole:
            yield from self._ours()
        if self._night.failed is not None:
            return  # a run that broke off judged nobody: our failure mutes every city
        for city in self._night.cities:
            if city.state is not State.UNKNOWN and city.code not in self._storm:
                yield from self._city(city)

    def _ours(self) -> Iterator[Step]:
        standing = {Kind.RUN_FAILED: self._night.failed is not None}
        if self._night.failed is None:
            standing[Kind.STORM] = bool(self._storm)
        for kind, stands in standing.items():
            key = Key("", kind, Fault.OURS)
            if stands:
                yield from self._firing(key, self._open.get(key))
            elif key in self._open:
                yield _closed(self._open[key])

    def _city(self, city: CityNight) -> Iterator[Step]:
        mine = [alert for key, alert in self._open.items() if key.city_code == city.code]
        restless = next((alert for alert in mine if alert.key.kind is Kind.FLAPPING), None)
        if restless is not None and not has_settled(city.states):
            yield from self._firing(restless.key, restless)
        elif restless is None and is_restless(city.states) and not has_settled(city.states):
            yield from (_superseded(alert) for alert in mine)
            yield from self._firing(Key(city.code, Kind.FLAPPING, city.fault), None)
        else:
            yield from self._settled(city, mine)

    def _settled(self, city: CityNight, mine: Iterable[Alert]) -> Iterator[Step]:
        key = Key(city.code, KIND_OF[city.state], city.fault) if city.state in FLAGGED else None
        for alert in mine:
            if alert.key != key and not self._muted(alert, city):
                yield _superseded(alert) if _lives_on(alert, key) else _closed(alert)
        if key is not None:
            yield from self._firing(key, self._open.get(key))

    def _muted(self, alert: Alert, city: CityNight) -> bool:
        """Return whether tonight says nothing about an alert: nobody saw the data of a city that gave none."""
        return city.state in {State.NOT_SYNCED, State.HELD} and alert.key.kind is Kind.OUT_OF_SYNC

    def _firing(self, key: Key, alert: Alert | None) -> Iterator[Step]:
        tell = key.city_code not in self._silenced
        if alert is None or alert.told is Told.NO:
            opened = alert or Alert(new_number(key, self._on, self._numbers), key, self._on)
            yield Step(Change.OPENED, replace(opened, repeated_on=self._on if tell else None), tell=tell)
        elif alert.told is Told.SENT and alert.repeated_on != self._on and self._calendar.is_workday(self._on):
            yield self._still(alert, tell=tell)

    def _still(self, alert: Alert, *, tell: bool) -> Step:
        waited = self._calendar.workdays_between(self._day_0(alert), self._on)
        acknowledged = alert.ack_until is not None and alert.ack_until >= self._on
        level = max((to for days, to in ESCALATE_ON.items() if days <= waited), default=0)
        if level > alert.level and not acknowledged and alert.key.kind not in OURS:
            return Step(Change.ESCALATED, replace(alert, level=level, repeated_on=self._on), tell=tell)
        change = Change.REPEATED if waited in REPEAT_ON and not acknowledged else Change.REMINDER
        return Step(change, replace(alert, repeated_on=self._on), tell=tell)

    def _day_0(self, alert: Alert) -> date:
        """Return the day people were first told: the working day an alert opened on, or the next one."""
        on = alert.opened_on
        return on if self._calendar.is_workday(on) else self._calendar.add_workdays(on, 1)


def new_number(key: Key, on: date, taken: set[str]) -> str:
    """Return a number nobody has yet, and take it: ``CS-C-440300-20261123``, the second of a day with ``-2``."""
    base = f"CS-{_LETTERS[key.fault]}-{key.city_code or '000000'}-{on:%Y%m%d}"
    number, serial = base, 1
    while number in taken:
        serial += 1
        number = f"{base}-{serial}"
    taken.add(number)
    return number


def _lives_on(alert: Alert, key: Key | None) -> bool:
    """Return whether a new alert tells the same matter: only the side changed, or a restless city settled badly."""
    return key is not None and alert.key.kind in {key.kind, Kind.FLAPPING}


def _closed(alert: Alert) -> Step:
    """Close an alert; recovery is told only of what was sent."""
    return Step(Change.RECOVERED, alert, closes=True, tell=alert.told is Told.SENT)


def _superseded(alert: Alert) -> Step:
    return Step(Change.RECOVERED, alert, closes=True, tell=False)


def opened_by_key(alerts: Iterable[Alert]) -> Mapping[Key, Alert]:
    """Return open alerts by key; raise ValueError if two of them share one: that is a fault of ours."""
    found: dict[Key, Alert] = {}
    for alert in alerts:
        if alert.key in found:
            raise ValueError(f"two open alerts of one key: {found[alert.key].alert_id}, {alert.alert_id}")
        found[alert.key] = alert
    return found


def acknowledged_until(alert: Alert, on: date, days: int, calendar: Calendar) -> Alert:
    """Return an alert acknowledged for so many working days, three at the most."""
    return replace(alert, ack_until=calendar.add_workdays(on, min(days, 3)))
